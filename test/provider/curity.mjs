// What the Curity Identity Server does otherwise than oidc-provider, put around it: an issuer with a path, metadata at one place alone, and
// introspection that answers with the JWT behind an opaque token.
import { sign, createPrivateKey } from 'node:crypto';

export const path = '/oauth/v2/oauth-anonymous';
export const levels = ['urn:se:curity:authentication:html-form:html1', 'urn:se:curity:authentication:totp:totp1'];

const openIDPlace = `${path}/.well-known/openid-configuration`;
const oauthPlace = `/.well-known/oauth-authorization-server${path}`;

const part = (value) => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

function jwt(key, claims) {
  const input = `${part({ alg: 'RS256', kid: key.kid, typ: 'JWT' })}.${part(claims)}`;
  return `${input}.${sign('sha256', Buffer.from(input), createPrivateKey({ key, format: 'jwk' })).toString('base64url')}`;
}

// behind has oidc-provider answer with JSON, and answers with what is inside it: the JWT, or nothing for a token that isn't active.
function behind(callback, req, res, issuer, key) {
  req.headers.accept = 'application/json';
  const chunks = [];
  const end = res.end.bind(res);
  res.write = (chunk) => chunks.push(Buffer.from(chunk));
  res.end = (chunk) => {
    if (chunk) chunks.push(Buffer.from(chunk));
    const body = Buffer.concat(chunks);
    const said = res.statusCode === 200 ? JSON.parse(body.toString('utf8')) : undefined;
    res.removeHeader('content-length');
    if (said === undefined) return end(body);
    if (!said.active) {
      res.removeHeader('content-type');
      res.statusCode = 204;
      return end();
    }
    const { active, ...claims } = said;
    res.setHeader('content-type', 'application/jwt');
    return end(jwt(key, { ...claims, iss: issuer, aud: ['https://api.example.com'], purpose: 'access_token' }));
  };
  callback(req, res);
}

// shim is the callback with all that around it.
export function shim(callback, issuer, key) {
  const other = process.env.CURITY === 'oauth' ? openIDPlace : oauthPlace;
  return (req, res) => {
    if (req.url === other || !(req.url.startsWith(`${path}/`) || req.url === oauthPlace)) {
      res.writeHead(404, { 'content-type': 'text/plain' });
      res.end('nothing is here\n');
      return;
    }
    req.originalUrl = req.url === oauthPlace ? openIDPlace : req.url;
    req.url = req.originalUrl.slice(path.length);
    if (req.url === '/token/introspection' && (req.headers.accept ?? '').startsWith('application/jwt')) {
      behind(callback, req, res, issuer, key);
      return;
    }
    callback(req, res);
  };
}
