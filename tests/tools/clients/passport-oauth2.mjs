// passport-oauth2 in an express app, unmodified: a user signs in to the app through Evergrant, with state and PKCE.
import express from 'express';
import session from 'express-session';
import passport from 'passport';
import OAuth2Strategy from 'passport-oauth2';
import { browse, check, clientId, clientSecret, issuer, redirectUri } from './person.mjs';

const verify = (accessToken, refreshToken, parameters, profile, done) =>
  done(null, { accessToken, refreshToken, expiresIn: parameters.expires_in });
passport.use(new OAuth2Strategy({
  authorizationURL: `${issuer}/oauth/authorize`,
  tokenURL: `${issuer}/oauth/token`,
  clientID: clientId,
  clientSecret,
  callbackURL: redirectUri,
  state: true,
  pkce: true,
}, verify));
passport.serializeUser((user, done) => done(null, user));
passport.deserializeUser((user, done) => done(null, user));

const app = express();
app.use(session({ secret: 'of this test only', resave: false, saveUninitialized: true }));
app.use(passport.initialize(), passport.session());
app.get('/login', passport.authenticate('oauth2'));
app.get('/callback', passport.authenticate('oauth2'), (request, response) => response.json(request.user));

const server = app.listen(new URL(redirectUri).port, '127.0.0.1', async () => {
  const page = await browse(new URL('/login', redirectUri));
  const connected = JSON.parse(page);
  check(connected.accessToken && connected.refreshToken && connected.expiresIn > 0, page);
  console.log('ok');
  server.close();
  server.closeAllConnections();
});
