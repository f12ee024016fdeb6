// A person at Chromium who does what standard input says, a list of steps in JSON, and reports on standard output what there was to see.
//
//   {"keyboard": true, "steps": [...]}   keyboard: everything with Tab and Enter; else with a mouse
//   {"trusting": true, "steps": [...]}   trusting: takes any server's certificate
//   {"scripts": false, "steps": [...]}   scripts: false switches them off, and with them what "see" finds
//
//   {"go": ADDRESS}                      opens an address
//   {"see": NAME}                        looks at the page: its title, axe's findings in light and dark, and whether it fits a phone
//   {"type": {LABEL: TEXT}}              fills in fields
//   {"copy": [TERM, LABEL]}              fills in a field with what the page tells under a term
//   {"spell": TEXT}                      fills in the fields called "Character N" with the characters of a text
//   {"tick": LABEL}                      ticks a box, or takes the tick away
//   {"open": SUMMARY}                    opens what is folded
//   {"press": NAME}                      presses a button or a link, by a part of its name, and waits for the next page
//   {"leave": NAME}                      the same, where the next page sends itself on: waits until it has begun
//   {"arrive": PATH}                     waits until the browser has come to an address whose path begins so: pages may send themselves on
//   {"land": true}                       reports the address that the browser has come to
import { readFileSync } from 'node:fs';

import { inspect, open, press, type } from './look.mjs';

const LIMIT_MS = 150_000;

const { keyboard = false, trusting = false, scripts = true, steps } = JSON.parse(readFileSync(0, 'utf8'));
const report = { pages: [], landings: [], errors: [] };

const field = (page, label) => page.getByLabel(label, { exact: true });

async function follow(page, name, waitUntil) {
  const control = page.getByRole('button', { name }).or(page.getByRole('link', { name })).first();
  await Promise.all([page.waitForNavigation({ waitUntil }), press(page, control, keyboard)]);
}

const deeds = {
  go: (page, address) => page.goto(address),
  async see(page, name) {
    report.pages.push({ name, title: await page.title(), ...(scripts ? await inspect(page) : { violations: [], fits: true }) });
  },
  async type(page, texts) {
    for (const [label, text] of Object.entries(texts)) await type(page, field(page, label), text, keyboard);
  },
  async copy(page, [term, label]) {
    const text = await page.locator('div').filter({ has: page.locator('dt', { hasText: term }) }).last().locator('dd').innerText();
    await type(page, field(page, label), text, keyboard);
  },
  async spell(page, text) {
    for (const label of await page.getByText(/^Character \d+$/).allInnerTexts()) {
      await type(page, field(page, label), [...text][Number(label.split(' ')[1]) - 1], keyboard);
    }
  },
  tick: (page, label) => press(page, page.getByRole('checkbox', { name: label }), keyboard, 'Space'),
  open: (page, summary) => press(page, page.locator('summary', { hasText: summary }), keyboard),
  press: (page, name) => follow(page, name, 'load'),
  async leave(page, name) {
    await follow(page, name, 'commit');
    await page.locator('footer').waitFor();
  },
  arrive: (page, path) => page.waitForURL(({ pathname }) => pathname.startsWith(path)),
  async land(page) { report.landings.push(page.url()); },
};

async function walk() {
  const { browser, page } = await open({ ignoreHTTPSErrors: trusting, javaScriptEnabled: scripts });
  page.on('pageerror', (error) => report.errors.push(String(error)));
  page.on('console', (message) => {
    // An error page is no error of the page.
    const status = message.text().startsWith('Failed to load resource') && message.location().url === page.url();
    if (message.type() === 'error' && !status) report.errors.push(message.text());
  });
  for (const step of steps) {
    const [[deed, what]] = Object.entries(step);
    try {
      await deeds[deed](page, what);
    } catch (error) {
      throw new Error(`${JSON.stringify(step)} at ${page.url()}: ${error.message}\n${await page.locator('body').innerText()}`);
    }
  }
  await browser.close();
}

function finish(error) {
  if (error) report.errors.push(String(error.stack ?? error));
  process.stdout.write(JSON.stringify(report), () => process.exit(error ? 1 : 0));
}

setTimeout(() => finish(new Error(`not done after ${LIMIT_MS / 1000} seconds`)), LIMIT_MS).unref();
walk().then(() => finish(), finish);
