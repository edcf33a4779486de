// What a person does first: consent, a connection in Power Automate, and the service in Workfront.
import { person, picture, see, signIn } from './chromium.mjs';

const { CONSENT_URL, POWER_AUTOMATE, WORKFRONT } = process.env;

export async function consent() {
  const { page } = await person();
  await page.goto(CONSENT_URL);
  await signIn(page, 'Integration Robot');
  await see(page, 'The connection works');
  await picture(page, 'consent');
}

export async function powerAutomate() {
  const { page } = await person();
  await page.goto(POWER_AUTOMATE);
  await page.click('a:has-text("Create a connection")');
  await signIn(page, 'Integration Robot');
  await see(page, 'Connected.');
  await picture(page, 'power-automate-connected');
  await page.click('button:has-text("Refresh now")');
  await see(page, 'Refreshed, by three machines at once.');
  await page.click('button:has-text("Run a flow")');
  await see(page, 'DocuSign answered 200 OK to Integration Robot.');
}

export async function workfront() {
  const { page } = await person();
  await page.goto(WORKFRONT);
  await see(page, 'No document service yet.');
  await page.click('a:has-text("Add service")');
  await signIn(page, 'Other Person');
  await see(page, 'Service added.');
  await picture(page, 'workfront-connected');
  await page.click('button:has-text("Invalidate the access token")');
  await page.click('button:has-text("Browse documents")');
  await see(page, 'Example Ltd');
  await see(page, 'Refreshed 1 times.');
}
