// Runs the setup and a consent in headless Chromium, without JavaScript, and takes screenshots of Evergrant's pages.
import { person, picture, run, see, windowPicture } from './chromium.mjs';
import { consent } from './flows.mjs';

const { SETUP, WORKFRONT, UNREGISTERED } = process.env;

/** The setup page before consent: the failed checks, and the cards for DocuSign and for the platforms. */
async function setup() {
  const { page, requests } = await person({ viewport: { width: 900, height: 860 } });
  await page.goto(SETUP);
  await see(page, 'Not everything works yet');
  await see(page, 'Consent for every scope');
  if (requests.length !== 1) throw new Error(`the page loads more than itself: ${requests}`);
  await windowPicture(page, 'setup-checks');
  await picture(page, 'setup-docusign', 'section:has(> #docusign)');
  await picture(page, 'setup-connect', 'section:has(> #connect)', 800);
}

/** The setup page when everything works. */
async function working() {
  const { page } = await person({ viewport: { width: 900, height: 860 } });
  await page.goto(SETUP);
  await see(page, 'Everything works');
  await windowPicture(page, 'setup-works');
}

async function unregistered() {
  const { page, requests } = await person();
  await page.goto(UNREGISTERED);
  await see(page, 'This redirect URI is not registered');
  if (await page.locator('a').count()) throw new Error('there is something to click on');
  if (requests.length !== 1) throw new Error(`the page loads more than itself: ${requests}`);
  await picture(page, 'unregistered-redirect-uri');
  const phone = await person({ viewport: { width: 360, height: 700 }, colorScheme: 'dark' });
  await phone.page.goto(UNREGISTERED);
  const { width } = await phone.page.locator('main').boundingBox();
  if (width > 360) throw new Error(`wider than a phone: ${width}`);
}

/** An attacker sends the victim the last step of the attacker's own sign-in. */
async function fixation() {
  const { page: attacker } = await person();
  await attacker.goto(`${WORKFRONT}/connect`);
  const form = {
    query: await attacker.inputValue('input[name=query]'),
    user: await attacker.getAttribute('button:has-text("Other Person")', 'value'),
  };
  const signIn = new URL('/oauth/auth/sign-in', attacker.url()).href;
  const answer = await attacker.context().request.post(signIn, { form, maxRedirects: 0 });
  const lastStep = answer.headers().location;
  if (!lastStep?.includes('/consent/callback?code=')) throw new Error(`no last step: ${lastStep}`);
  const { page: victim } = await person();
  await victim.goto(lastStep);
  await see(victim, 'This sign-in cannot continue');
  await picture(victim, 'sign-in-over');
}

await run(setup, consent, working, unregistered, fixation);
