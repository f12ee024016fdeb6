// A person at Chromium, for simsid to start as its $BROWSER: opens the address it is given, signs in on the emulator's pages, and waits
// for the page that ends a login. simsid shows nobody what its browser says, so all that a test wants to know goes into a report.
//
//   SIMSID_TEST_REPORT        the file or pipe to write the report to, as JSON
//   SIMSID_TEST_USER          whose button to press on the sign-in page: a part of what it says
//   SIMSID_TEST_LOGIN         or, in place of it, the login name to type, and
//   SIMSID_TEST_PASSWORD      the password
//   SIMSID_TEST_ORGANISATION  which button to press where the emulator asks for an organisation: a part of what it says
//   SIMSID_TEST_SHOTS         a folder for screenshots of each page; none without it
//   SIMSID_TEST_BROWSE        "mouse" (the default), "keyboard", or "noscript": by mouse with scripts switched off
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

import { chromium } from 'playwright-core';

const LIMIT_MS = 100_000;
const STEP_MS = 15_000;
const MAX_PAGES = 6;
const DESKTOP = { width: 1024, height: 720 };
const PHONE = { width: 360, height: 740 };

// The last are for machines without a network: Chromium looks for its maker's servers otherwise.
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync'];

const {
  SIMSID_TEST_REPORT, SIMSID_TEST_SHOTS, SIMSID_TEST_BROWSE = 'mouse',
  SIMSID_TEST_USER, SIMSID_TEST_LOGIN = '', SIMSID_TEST_PASSWORD = '', SIMSID_TEST_ORGANISATION = '',
} = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core'), 'utf8');
const report = { pages: [], landing: null, error: '' };

function finish(error) {
  if (error) report.error = String(error.stack ?? error);
  if (SIMSID_TEST_REPORT) writeFileSync(SIMSID_TEST_REPORT, JSON.stringify(report, null, 2));
  process.exit(error ? 1 : 0);
}

// press presses a control as the chosen kind of person would. By keyboard it must be reachable from the page's start with Tab.
async function press(page, control) {
  if (SIMSID_TEST_BROWSE !== 'keyboard') {
    await control.click();
    return;
  }
  await reach(page, control);
  await page.keyboard.press('Enter');
}

async function reach(page, control) {
  const wanted = await control.elementHandle();
  const focused = () => wanted.evaluate((element) => element === document.activeElement);
  for (let tabs = 0; tabs < 100 && !(await focused()); tabs += 1) await page.keyboard.press('Tab');
  if (!(await focused())) throw new Error(`${page.url()}: a control can't be reached with Tab`);
}

// type fills in a field; by keyboard it is reached like any control.
async function type(page, field, text) {
  if (SIMSID_TEST_BROWSE !== 'keyboard') {
    await field.fill(text);
    return;
  }
  await reach(page, field);
  await page.keyboard.type(text);
}

// shoot keeps what a page looks like: in light and dark, on a desk and on a phone.
async function shoot(page, name) {
  if (!SIMSID_TEST_SHOTS) return;
  for (const [width, viewport] of [['desktop', DESKTOP], ['phone', PHONE]]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({ path: join(SIMSID_TEST_SHOTS, `${name}-${width}-${colorScheme}.png`), fullPage: true });
    }
  }
  await page.setViewportSize(DESKTOP);
  await page.emulateMedia({ colorScheme: 'light' });
}

// inspect asks axe for what would keep somebody from using the page, in both colour schemes, and whether it fits a phone.
async function inspect(page) {
  if (SIMSID_TEST_BROWSE === 'noscript') return { violations: [], fits: true };
  const violations = new Set();
  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const found = await page.evaluate(() => globalThis.axe.run());
    for (const { id, nodes } of found.violations) violations.add(`${colorScheme}: ${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  }
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(PHONE);
  const fits = await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
  await page.setViewportSize(DESKTOP);
  return { violations: [...violations], fits };
}

async function see(page, name) {
  await shoot(page, name);
  report.pages.push({ name, title: await page.title(), ...await inspect(page) });
}

async function signIn(page) {
  if (SIMSID_TEST_USER) {
    await press(page, page.getByRole('button', { name: SIMSID_TEST_USER }).first());
    return;
  }
  await type(page, page.getByLabel('Login name', { exact: true }), SIMSID_TEST_LOGIN);
  await type(page, page.getByLabel('Password', { exact: true }), SIMSID_TEST_PASSWORD);
  await press(page, page.getByRole('button', { name: 'Sign in', exact: true }));
}

async function chooseOrganisation(page) {
  await press(page, page.getByRole('button', { name: SIMSID_TEST_ORGANISATION }).first());
}

const answers = { '/login': ['sign-in', signIn], '/organisation': ['choice', chooseOrganisation] };

async function browse(address) {
  const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', headless: true, args: FLAGS, timeout: 60_000 });
  // Without motion, so that a page never has to be waited for between two colours.
  const context = await browser.newContext({
    viewport: DESKTOP, locale: 'en-GB', reducedMotion: 'reduce', javaScriptEnabled: SIMSID_TEST_BROWSE !== 'noscript',
  });
  context.setDefaultTimeout(STEP_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => { report.pageError = String(error); });
  page.on('console', (message) => { if (message.type() === 'error') report.pageError = message.text(); });
  let response = await page.goto(address);
  for (let pages = 0; pages < MAX_PAGES; pages += 1) {
    const at = new URL(page.url());
    const known = answers[at.pathname];
    if (!known) break;
    await see(page, known[0]);
    [response] = await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), known[1](page)]);
  }
  report.landing = { title: await page.title(), status: response.status(), query: new URL(page.url()).search };
  await shoot(page, 'landing');
  Object.assign(report.landing, await inspect(page));
  await browser.close();
}

setTimeout(() => finish(new Error(`not done after ${LIMIT_MS / 1000} seconds`)), LIMIT_MS).unref();
browse(process.argv[2]).then(() => finish(), finish);
