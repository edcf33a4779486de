// Checks pages on a phone and on a wide screen, in light and dark mode: axe-core finds nothing, nothing is wider than the window,
// everything can be used with the keyboard, and JavaScript is optional. Takes screenshots.
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const { PAGES, PICTURES, CHROMIUM = '/usr/bin/chromium' } = process.env;
const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

await mkdir(PICTURES, { recursive: true });
const browser = await chromium.launch({
  executablePath: CHROMIUM,
  args: ['--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

async function open(url, options) {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const foreign = [];
  page.on('request', (request) => { if (!request.url().startsWith(new URL(url).origin)) foreign.push(request.url()); });
  await page.goto(url);
  if (foreign.length) throw new Error(`the page loads ${foreign}`);
  return page;
}

async function accessible(name, url) {
  // The page's content security policy would block axe.
  const page = await open(url, { bypassCSP: true });
  await page.evaluate(axe);
  for (const width of [360, 1440]) for (const colorScheme of ['light', 'dark']) {
    await page.setViewportSize({ width, height: 900 });
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(() => globalThis.axe.run());
    if (violations.length) throw new Error(`${name}, ${width} px, ${colorScheme}: ${JSON.stringify(violations, null, 1)}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth > innerWidth);
    if (wide) throw new Error(`${name} is wider than ${width} px`);
    await page.screenshot({ path: join(PICTURES, `${name}-${width}-${colorScheme}.png`), fullPage: true });
  }
}

async function withoutJavaScript(name, url) {
  const page = await open(url, { javaScriptEnabled: false, viewport: { width: 900, height: 700 } });
  if (await page.locator('button').count()) throw new Error('a button that does nothing');
  await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
}

async function copies(url) {
  const page = await open(url, { permissions: ['clipboard-read', 'clipboard-write'] });
  const errors = [];
  page.on('console', (message) => { if (message.type() === 'error') errors.push(message.text()); });
  await page.getByRole('button', { name: 'Copy the public key' }).focus();
  await page.keyboard.press('Enter');
  await page.getByText('Copied').first().waitFor();
  const copied = await page.evaluate(() => navigator.clipboard.readText());
  if (!copied.startsWith('-----BEGIN PUBLIC KEY-----')) throw new Error(`copied: ${copied}`);
  for (const button of await page.getByRole('button', { name: /^Copy the command/ }).all()) {
    await button.click();
    const command = await page.evaluate(() => navigator.clipboard.readText());
    if (!/^az \S.*[^.`\s]$/.test(command)) throw new Error(`copied: ${command}`);
  }
  if (errors.length) throw new Error(errors.join('\n'));
}

/** From the top, the keyboard reaches everything in the order of the page, and shows where it is. */
async function keyboard(url) {
  const page = await open(url, {});
  const count = await page.locator('a, button, [tabindex]').count();
  for (let at = 0; at < count; at++) {
    await page.keyboard.press('Tab');
    const [reached, outline] = await page.evaluate(() => {
      const here = document.activeElement;
      return [[...document.querySelectorAll('a, button, [tabindex]')].indexOf(here), getComputedStyle(here).outlineStyle];
    });
    if (reached !== at || outline === 'none') throw new Error(`after ${at + 1} steps at ${reached}, outline ${outline}`);
  }
}

await Promise.all(Object.entries(JSON.parse(PAGES)).flatMap(([name, url]) => [accessible(name, url), withoutJavaScript(name, url)]));
// One page after the other, because there is only one clipboard.
for (const url of Object.values(JSON.parse(PAGES))) {
  await keyboard(url);
  await copies(url);
}
await browser.close();
console.log('ok');
