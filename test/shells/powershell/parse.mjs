// Reads a JSON list of PowerShell texts from standard input, and writes for each what the grammar makes of it: its faults, and the
// statements as [kind, text].
import { readFile } from "node:fs/promises";
import { Language, Parser } from "web-tree-sitter";

const grammar = new URL(import.meta.resolve("tree-sitter-powershell/package.json"));
await Parser.init();
const parser = new Parser();
parser.setLanguage(await Language.load(await readFile(new URL("tree-sitter-powershell.wasm", grammar))));

function* walk(node) {
  yield node;
  for (const child of node.children) yield* walk(child);
}

let input = "";
for await (const part of process.stdin.setEncoding("utf8")) input += part;
const answers = JSON.parse(input).map((text) => {
  const tree = parser.parse(text);
  const nodes = [...walk(tree.rootNode)];
  const answer = {
    faults: nodes.filter((n) => n.isError || n.isMissing).map((n) => `line ${n.startPosition.row + 1}: ${n.text.slice(0, 80)}`),
    tree: tree.rootNode.toString(),
    strings: nodes.filter((n) => n.type === "verbatim_string_characters").map((n) => n.text),
    statements: nodes.filter((n) => n.parent?.type === "statement_list" && n.isNamed).map((n) => [n.type, n.text]),
  };
  tree.delete();
  return answer;
});
process.stdout.write(JSON.stringify(answers));
