// Runs one vendor's sandbox alone: `npm run sandbox -- <vendor> [port] [speed]`.
import { loadProviderModules, loadSandbox } from "../providers/registry.ts";

const [kind = "", port = "0", speed = "1"] = process.argv.slice(2);
const kinds = [...(await loadProviderModules()).keys()];
if (kinds.includes(kind)) {
  const { startSandbox } = await loadSandbox(kind);
  const server = await startSandbox({ host: "127.0.0.1", port: Number(port), speed: Number(speed), seed: 1 });
  process.stdout.write(`${JSON.stringify({ kind, url: server.url, credentials: server.credentials })}\n`);
} else {
  process.stderr.write(`Name a vendor: ${kinds.join(", ")}. Usage: npm run sandbox -- <vendor> [port] [speed]\n`);
  process.exitCode = 2;
}
