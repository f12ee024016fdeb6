// Reads a HAR as the developer tools of Chromium do when a file is dropped on their network panel: by the module of theirs that does it.
// Prints what they make of it, as JSON: method, address, status, form and content of each request.
//
//   node har.mjs FILE
import { readFileSync } from 'node:fs';

import { chromium } from 'playwright-core';

const TOOLS = 'devtools://devtools/bundled/';
const text = readFileSync(process.argv[2], 'utf8');
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] });
try {
  const page = await browser.newPage();
  await page.goto(`${TOOLS}devtools_app.html`, { waitUntil: 'domcontentloaded' });
  const read = await page.evaluate(async ([har, text]) => {
    const { HARFormat, Importer } = await import(har);
    const requests = Importer.Importer.requestsFromHARLog(new HARFormat.HARRoot(JSON.parse(text)).log);
    return Promise.all(requests.map(async (r) => ({
      method: r.requestMethod, url: r.url(), status: r.statusCode, form: await r.requestFormData() ?? '',
      content: (await r.requestContentData()).text ?? '', mime: r.mimeType,
    })));
  }, [`${TOOLS}models/har/har.js`, text]);
  console.log(JSON.stringify(read));
} finally {
  await browser.close();
}
