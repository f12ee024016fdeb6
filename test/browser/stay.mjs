// A person at one Chromium that stays open between the addresses that simsid sends it to, as `simsid sso` needs. Each line of standard
// input is a visit, in JSON, and each is answered by a line on standard output.
//
//   {"address": URL, "user": NAME, "anew": true}   anew: in another browser, that has no cookies; user: whose button to press
//   {"landing": URL, "pages": [PATH, ...]}         where the visit ended, and the emulator's pages on the way
import { createInterface } from 'node:readline';

import { open, press } from './look.mjs';

const LIMIT_MS = 170_000;
const MAX_PAGES = 4;

let stage;

async function browse({ address, user, anew }) {
  if (anew && stage) await stage.browser.close();
  if (anew || !stage) stage = await open();
  const { page } = stage;
  const pages = [];
  await page.goto(address);
  for (let n = 0; n < MAX_PAGES; n += 1) {
    const { pathname } = new URL(page.url());
    const control = { '/login': user, '/consent': 'Allow' }[pathname];
    if (!control) break;
    pages.push(pathname);
    await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), press(page, page.getByRole('button', { name: control }).first(), false)]);
  }
  return { landing: page.url(), title: await page.title(), pages };
}

setTimeout(() => process.exit(1), LIMIT_MS).unref();
for await (const line of createInterface({ input: process.stdin })) {
  const answer = await browse(JSON.parse(line)).catch((error) => ({ error: String(error.stack ?? error) }));
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
if (stage) await stage.browser.close();
