// Certificates for tests that expect them to be refused, and one that is not. They prove nothing and protect nothing.
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";

/** A certificate as a server shows it. */
export interface ShownCertificate {
  readonly key: string;
  readonly cert: string;
}

/** For this machine, and signed by nobody but itself. */
export const SELF_SIGNED: ShownCertificate = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnEIYwrOvtSNmwfGt
47vfoR2sIads+LDENXjcfQd+8I6hRANCAARkNsjEqaikPp0H8alPI/yaQTw2dAFy
4iYeFzIX6WhjYWzdNQRxdkedi7RK8PsXmRjvRN9iL1pqa630HnnmIH1e
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIURbfDeiDmlev/isVJOUyOWTGQaHswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE5NTc1NloYDzIxMjYxMDI5
MTk1NzU2WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARkNsjEqaikPp0H8alPI/yaQTw2dAFy4iYeFzIX6WhjYWzdNQRxdked
i7RK8PsXmRjvRN9iL1pqa630HnnmIH1eo28wbTAdBgNVHQ4EFgQUgXvS8I8Gv464
DP8FNO7xkEC2J4kwHwYDVR0jBBgwFoAUgXvS8I8Gv464DP8FNO7xkEC2J4kwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAMQSmxG3o9iQkor1pYwPkVZlhkOS88i13iDxciEbgzZhAiA7
wxyLOsQaGCRYntVc8lI8+51F5UW/DjdnwSgXfNBf1Q==
-----END CERTIFICATE-----`,
};

const ISSUED_KEY = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgZ9AZN2vOsVr72CrR
2ACpWmygJrObpEybOuWmMMdFWEKhRANCAASZsytfRYfAe2x3NwXP7rnnx7MuFXHf
6q7M8zCySH7ILs5ij4KuW11bwKMfDJ0juNSn1TWv89e0wEaHjxZAL6Iq
-----END PRIVATE KEY-----`;

/**
 * Signed by the authority in `authority.pem`, which every test process trusts (`vitest.config.ts`) and whose key was thrown away. What is
 * wrong with them is the one thing their name says.
 */
export const ISSUED = {
  right: {
    key: ISSUED_KEY,
    cert: `-----BEGIN CERTIFICATE-----
MIIBgjCCASigAwIBAgIBATAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhzeW5jZ3Jh
cGggdGVzdCBhdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
MDBaMBAxDjAMBgNVBAMMBXZhbGlkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
mbMrX0WHwHtsdzcFz+6558ezLhVx3+quzPMwskh+yC7OYo+CrltdW8CjHwydI7jU
p9U1r/PXtMBGh48WQC+iKqNeMFwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAAB
MB0GA1UdDgQWBBRFVqBn7grifMG7twq33zZLzPl12zAfBgNVHSMEGDAWgBRfJ+gJ
Myf61m+b87jDPK+KsHjfITAKBggqhkjOPQQDAgNIADBFAiEA3eD7lI94S568ifyU
elz4ghadV43yJFbvR/zNiZPsB68CIEFjvGS0GzsWwR8lIb+w99wEmeujgFjQg/F1
oDkX9BAc
-----END CERTIFICATE-----`,
  },
  /** For this machine, until 1 February 2020. */
  expired: {
    key: ISSUED_KEY,
    cert: `-----BEGIN CERTIFICATE-----
MIIBgjCCASigAwIBAgIBAjAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhzeW5jZ3Jh
cGggdGVzdCBhdXRob3JpdHkwHhcNMjAwMTAxMDAwMDAwWhcNMjAwMjAxMDAwMDAw
WjASMRAwDgYDVQQDDAdleHBpcmVkMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE
mbMrX0WHwHtsdzcFz+6558ezLhVx3+quzPMwskh+yC7OYo+CrltdW8CjHwydI7jU
p9U1r/PXtMBGh48WQC+iKqNeMFwwGgYDVR0RBBMwEYIJbG9jYWxob3N0hwR/AAAB
MB0GA1UdDgQWBBRFVqBn7grifMG7twq33zZLzPl12zAfBgNVHSMEGDAWgBRfJ+gJ
Myf61m+b87jDPK+KsHjfITAKBggqhkjOPQQDAgNIADBFAiEAhpBYYRR+qfDMgQFs
b0SLWLAxeljXWPGz06XwcaQlvYsCIHPKwLTh9qVGy3rHHzntbj5RMk2lh5fHJdtq
5GBYUdXb
-----END CERTIFICATE-----`,
  },
  /** For `vendor.example`. */
  elsewhere: {
    key: ISSUED_KEY,
    cert: `-----BEGIN CERTIFICATE-----
MIIBhTCCASugAwIBAgIBAzAKBggqhkjOPQQDAjAjMSEwHwYDVQQDDBhzeW5jZ3Jh
cGggdGVzdCBhdXRob3JpdHkwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAw
MDBaMBQxEjAQBgNVBAMMCWVsc2V3aGVyZTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABJmzK19Fh8B7bHc3Bc/uuefHsy4Vcd/qrszzMLJIfsguzmKPgq5bXVvAox8M
nSO41KfVNa/z17TARoePFkAvoiqjXTBbMBkGA1UdEQQSMBCCDnZlbmRvci5leGFt
cGxlMB0GA1UdDgQWBBRFVqBn7grifMG7twq33zZLzPl12zAfBgNVHSMEGDAWgBRf
J+gJMyf61m+b87jDPK+KsHjfITAKBggqhkjOPQQDAgNIADBFAiEA5Jfcn7RzXXqm
UzpQTO0B7acEMyslNG+ab3MCiYPAktYCICyWVY70hTRZxn8EawhE43uqNkMysXKn
Qv2NTI47lQUV
-----END CERTIFICATE-----`,
  },
} satisfies Readonly<Record<string, ShownCertificate>>;

export interface TlsServer {
  readonly url: string;
  /** Requests of those who took the certificate. */
  heard(): number;
  close(): Promise<void>;
}

/** A server on this machine that shows a certificate. It answers whoever takes it. */
export async function startTlsServer(shown: ShownCertificate): Promise<TlsServer> {
  let heard = 0;
  const server = createServer(shown, (_request, response) => {
    heard += 1;
    response.end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}`,
    heard: () => heard,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
