// Opens pages in headless Chromium as people see them, on a phone and on a wide screen, in light and in dark. axe-core finds
// nothing, nothing is wider than the window, the keyboard reaches everything, every Copy button copies, and without JavaScript the
// pages still work. Takes pictures if PICTURES names a folder.
import { mkdir, readFile } from 'node:fs/promises';
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

/** The page as the app answered it, with its headers. It loads nothing else. */
async function open({ name, status, headers, body }, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const url = `${ORIGIN}/${name}`;
  const others = [];
  await context.route('**/*', (route) => {
    if (route.request().url() === url) return route.fulfill({ status, headers, body });
    others.push(route.request().url());
    return route.abort();
  });
  await page.goto(url);
  if (others.length) throw new Error(`${name} loads ${others}`);
  return page;
}

async function accessible(source) {
  // axe comes from outside, which the page's own policy forbids.
  const page = await open(source, { bypassCSP: true });
  await page.evaluate(axe);
  for (const width of [390, 1280]) for (const colorScheme of ['light', 'dark']) {
    const where = `${source.name}, ${width} px, ${colorScheme}`;
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    if (violations.length) throw new Error(`${where}: ${JSON.stringify(violations, null, 1)}`);
    const isWide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (isWide) throw new Error(`${where}: wider than the window`);
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${source.name}-${width}-${colorScheme}.png`), fullPage: true });
  }
  await page.context().close();
}

async function withoutJavaScript(source) {
  const page = await open(source, { javaScriptEnabled: false });
  if (await page.locator('button').count()) throw new Error(`${source.name}: a button that does nothing`);
  for (const value of await page.locator('[data-copy]').all()) {
    const selected = await value.evaluate((element) => getComputedStyle(element).userSelect);
    if (selected !== 'all') throw new Error(`${source.name}: a click does not select ${await value.textContent()}`);
  }
  await page.context().close();
}

/** Every value to copy has a button, and the button copies exactly that value. */
async function copies(source) {
  const page = await open(source, { permissions: ['clipboard-read', 'clipboard-write'] });
  const errors = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  for (const value of await page.locator('[data-copy]').all()) {
    const name = `Copy ${await value.getAttribute('data-copy')}`;
    const button = value.locator('xpath=following-sibling::*[1]');
    if (await button.getAttribute('aria-label') !== name) throw new Error(`${source.name}: no button ${name}`);
    await button.focus();
    await page.keyboard.press('Enter');
    await value.locator('xpath=following-sibling::*[2]').filter({ hasText: 'Copied' }).waitFor();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    if (copied !== await value.textContent()) throw new Error(`${source.name}: ${name} copied ${copied}`);
    if (name.includes('command') && !/^(az|evergrant) \S.*[^.`\s]$/.test(copied)) throw new Error(`no command: ${copied}`);
  }
  if (errors.length) throw new Error(`${source.name}: ${errors.join('\n')}`);
  await page.context().close();
}

/** From the top, the keyboard reaches everything in the order of the page, and shows where it is. */
async function keyboard(source) {
  const page = await open(source, {});
  const count = await page.locator('a, button, [tabindex]').count();
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('Tab');
    const [reached, outline] = await page.evaluate(() => {
      const here = document.activeElement;
      return [[...document.querySelectorAll('a, button, [tabindex]')].indexOf(here), getComputedStyle(here).outlineStyle];
    });
    if (reached !== at || outline === 'none') throw new Error(`${source.name}: after ${at + 1} steps at ${reached}, outline ${outline}`);
  }
  await page.context().close();
}

/** Runs `check` on every page, three at a time. */
async function each(check) {
  const waiting = [...pages];
  const next = async () => { while (waiting.length) await check(waiting.shift()); };
  await Promise.all([next(), next(), next()]);
}

try {
  await each(async (source) => {
    await accessible(source);
    await withoutJavaScript(source);
    await keyboard(source);
  });
  // One page after the other: there is one clipboard.
  for (const source of pages) await copies(source);
  console.log('ok');
} finally {
  await browser.close();
}
