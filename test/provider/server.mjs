// A real OpenID provider on loopback for simsid's tests: npm's oidc-provider, an implementation that shares no code and no
// authors with simsid. It keeps everything in memory, takes any user name, and ends as soon as its standard input is closed, so that
// no test can leave one behind. The first and only line on stdout is JSON: what a test has to know to use it.
import { createServer } from 'node:http';
import { generateKeyPairSync, randomBytes } from 'node:crypto';

import { accountOf, clients, keys } from './fixtures.mjs';
import { interaction } from './pages.mjs';
import { levels, path as curityPath, shim } from './curity.mjs';

// oidc-provider announces its defaults with console.info, which would come before the ready line.
console.info = console.warn = console.error;
const { default: Provider, interactionPolicy } = await import('oidc-provider');

const LIFETIME_MS = 20 * 60 * 1000;

function signingKey() {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { ...privateKey.export({ format: 'jwk' }), use: 'sig', alg: 'RS256', kid: 'test-1' };
}

const key = signingKey();

// oidc-provider asks for consent each time before it answers an application on the user's own machine; with CURITY it doesn't, so that two
// of them can share a sign-on.
function policy() {
  const prompts = interactionPolicy.base();
  if (process.env.CURITY) prompts.get('consent').checks.remove('native_client_prompt');
  return prompts;
}

function newProvider(issuer) {
  const provider = new Provider(issuer, {
    clients,
    findAccount: (_ctx, id) => accountOf(id),
    jwks: { keys: [key] },
    ...(process.env.CURITY ? { acrValues: levels } : {}),
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'private_key_jwt', 'none'],
    enabledJWA: { clientAuthSigningAlgValues: ['RS256', 'PS256', 'ES256', 'EdDSA'] },
    responseTypes: ['code', 'code id_token', 'code token', 'code id_token token'],
    cookies: { keys: [randomBytes(32).toString('hex')] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'given_name', 'family_name', 'preferred_username'],
      email: ['email', 'email_verified'],
    },
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      introspection: { enabled: true },
      jwtIntrospection: { enabled: true },
      jwtUserinfo: { enabled: true },
      revocation: { enabled: true },
      // With PUSHED it takes authorisation requests by no other way.
      pushedAuthorizationRequests: {
        enabled: Boolean(process.env.PUSHED || process.env.CURITY), requirePushedAuthorizationRequests: Boolean(process.env.PUSHED),
      },
      rpInitiatedLogout: { enabled: true },
      userinfo: { enabled: true },
    },
    interactions: { policy: policy(), url: (_ctx, { uid }) => `/interaction/${uid}` },
    pkce: { required: () => true },
    // Each refresh invalidates the token it was made with, for confidential clients too: a second use is what simsid must never do.
    rotateRefreshToken: true,
    issueRefreshToken: async (_ctx, client) => client.grantTypeAllowed('refresh_token'),
    ttl: { AccessToken: 600, AuthorizationCode: 60, IdToken: 600, Interaction: 600, Grant: 3600, RefreshToken: 3600, Session: 3600 },
  });
  provider.on('server_error', (_ctx, err) => console.error(err));
  return provider;
}

const server = createServer();
await new Promise((resolve, reject) => {
  server.once('error', reject);
  server.listen({ host: '127.0.0.1', port: Number(process.env.PORT ?? 0) }, resolve);
});
const { port } = server.address();
const issuer = `http://127.0.0.1:${port}${process.env.CURITY ? curityPath : ''}`;
const provider = newProvider(issuer);
const callback = process.env.CURITY ? shim(provider.callback(), issuer, key) : provider.callback();

server.on('request', (req, res) => {
  if (!req.url.startsWith('/interaction/')) {
    callback(req, res);
    return;
  }
  interaction(provider, req, res).catch((err) => {
    console.error(err);
    if (!res.headersSent) res.writeHead(500, { 'content-type': 'text/plain' });
    res.end('the interaction failed\n');
  });
});

process.stdin.on('end', () => process.exit(0)).resume();
setTimeout(() => process.exit(1), LIFETIME_MS).unref();
const ready = {
  issuer, port,
  clients: clients.map(({ client_id, client_secret = '' }) => ({ id: client_id, secret: client_secret, ...keys[client_id] })),
};
process.stdout.write(`${JSON.stringify(ready)}\n`);
