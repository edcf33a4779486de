// Opens pages in headless Chromium as people see them, on a phone and on a wide screen, in light and in dark. axe-core finds
// nothing, nothing is wider than the window, the keyboard reaches everything, every Copy button copies, and without JavaScript the
// pages still work. Takes pictures if PICTURES names a folder.
import { mkdir, readFile, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PAGES, PICTURES, CHROMIUM = '/usr/bin/chromium' } = process.env;
const ORIGIN = 'https://evergrant.example';
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pages = JSON.parse(await readFile(PAGES, 'utf8'));

if (PICTURES) await mkdir(PICTURES, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

/** A browser profile with one tab. A new one for each page would take longer than all checks. */
async function newTab(options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const tab = { page, errors: [] };
  await context.route('**/*', (route) => {
    const { name, status, headers, body } = tab.source;
    if (route.request().url() === `${ORIGIN}/${name}`) return route.fulfill({ status, headers, body });
    tab.errors.push(`it loads ${route.request().url()}`);
    return route.abort();
  });
  // Chromium reports the status of the page itself as an error too.
  const isStatus = (message) => message.text().startsWith('Failed to load resource') && message.location().url === page.url();
  page.on('console', (message) => { if (message.type() === 'error' && !isStatus(message)) tab.errors.push(message.text()); });
  return tab;
}

/** Opens a page as the app answered it, with its headers. It loads nothing else. */
async function open(tab, source) {
  tab.source = source;
  tab.errors.length = 0;
  await tab.page.goto(`${ORIGIN}/${source.name}`);
  if (tab.errors.length) throw new Error(`${source.name}: ${tab.errors.join('\n')}`);
  return tab.page;
}

/** Opens everything that is folded, or folds it again. */
async function unfold(page, all) {
  await page.evaluate((all) => {
    for (const details of document.querySelectorAll('details')) {
      details.dataset.open ??= details.open;
      details.open = all || details.dataset.open === 'true';
    }
  }, all);
}

async function accessible(tab, source) {
  const page = await open(tab, source);
  await page.evaluate(axe);
  for (const width of [390, 1280]) for (const colorScheme of ['light', 'dark']) {
    const where = `${source.name}, ${width} px, ${colorScheme}`;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    await unfold(page, colorScheme === 'dark');
    // Colors do not depend on the width, so axe-core reads each width and each scheme once.
    if ((width === 390) === (colorScheme === 'light')) {
      const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
      if (violations.length) throw new Error(`${where}: ${JSON.stringify(violations, null, 1)}`);
    }
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWide) throw new Error(`${where}: wider than the window`);
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${source.name}-${width}-${colorScheme}.png`), fullPage: true });
  }
}

async function withoutJavaScript(tab, source) {
  const page = await open(tab, source);
  if (await page.locator('button').count()) throw new Error(`${source.name}: a button that does nothing`);
  const unselected = await page.locator('[data-copy]').evaluateAll((values) =>
    values.filter((value) => getComputedStyle(value).userSelect !== 'all').map((value) => value.textContent));
  if (unselected.length) throw new Error(`${source.name}: a click does not select ${unselected.join('; ')}`);
}

/** Every file on the page can be saved, under its own name, although the page's policy lets it load nothing. */
async function downloads(tab, source) {
  if (!source.body.includes(' download=')) return;
  const page = await open(tab, source);
  await unfold(page, true);
  for (const link of await page.locator('a[download]').all()) {
    const name = await link.getAttribute('download');
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    const { size } = await stat(await download.path());
    if (download.suggestedFilename() !== name || !size) throw new Error(`${source.name}: ${download.suggestedFilename()}, ${size} B`);
  }
  if (tab.errors.length) throw new Error(`${source.name}: ${tab.errors.join('\n')}`);
}

/** Every value to copy has a button, and the button copies exactly that value. The first one is pressed with the keyboard. */
async function copies(tab, source) {
  const page = await open(tab, source);
  await unfold(page, true);
  const values = await page.locator('[data-copy]').all();
  if (!values.length) return;
  await values[0].locator('xpath=following-sibling::*[1]').focus();
  await page.keyboard.press('Enter');
  await values[0].locator('xpath=following-sibling::*[2]').filter({ hasText: 'Copied' }).waitFor();
  const failed = await page.evaluate(async () => {
    const failed = [];
    for (const value of document.querySelectorAll('[data-copy]')) {
      const name = `Copy ${value.dataset.copy}`;
      const button = value.nextElementSibling;
      if (button?.getAttribute('aria-label') !== name) { failed.push(`no button ${name}`); continue; }
      button.click();
      while (button.nextElementSibling.textContent === '') await new Promise((resolve) => setTimeout(resolve));
      const copied = await navigator.clipboard.readText();
      if (copied !== value.textContent) failed.push(`${name} copied ${copied}`);
      const isCommand = /^(az|curl|evergrant) \S.*[^.`\s]$/.test(copied);
      if (name.includes('command') && !isCommand) failed.push(`no command: ${copied}`);
    }
    return failed;
  });
  if (failed.length) throw new Error(`${source.name}: ${failed.join('\n')}`);
  if (tab.errors.length) throw new Error(`${source.name}: ${tab.errors.join('\n')}`);
}

/** From the top, the keyboard reaches everything in the order of the page, and shows where it is. */
async function keyboard(tab, source) {
  const page = await open(tab, source);
  await page.evaluate(() => {
    const all = [...document.querySelectorAll('a, button, summary, [tabindex]')];
    globalThis.reachable = all.filter((element) => element.checkVisibility());
  });
  const count = await page.evaluate(() => globalThis.reachable.length);
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('Tab');
    const [reached, outline] = await page.evaluate(() => {
      const here = document.activeElement;
      return [globalThis.reachable.indexOf(here), getComputedStyle(here).outlineStyle];
    });
    if (reached !== at || outline === 'none') throw new Error(`${source.name}: after ${at + 1} steps at ${reached}, outline ${outline}`);
  }
}

/** Runs checks on every page of a list, which several tabs may share. */
async function inTab(options, list, ...checks) {
  const tab = await newTab(options);
  for (let source = list.shift(); source; source = list.shift()) for (const check of checks) await check(tab, source);
}

try {
  const forAxe = [...pages];
  // axe comes from outside, which the pages' own policy forbids.
  const seen = [1, 2].map(() => inTab({ bypassCSP: true }, forAxe, accessible));
  const plain = inTab({ javaScriptEnabled: false }, [...pages], withoutJavaScript, downloads);
  // One tab, because there is one clipboard.
  const used = inTab({ permissions: ['clipboard-read', 'clipboard-write'] }, [...pages], keyboard, copies);
  await Promise.all([...seen, plain, used]);
  console.log('ok');
} finally {
  await browser.close();
}
