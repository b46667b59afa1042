/** A browser, and the built page served to it on this machine: what every test of the page begins with. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const here = dirname(fileURLToPath(import.meta.url));
export const root = join(here, "..", "..");
export const shots = join(root, "web", "build", "screenshots");
const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
const PYTHON = process.env.NPARAMS_PYTHON ?? "python3";
/** Pyodide takes seconds to start on a small machine. */
export const PATIENCE = 120_000;

if (!existsSync(CHROMIUM)) throw new Error(`no browser at ${CHROMIUM}: apt-get install chromium, or set CHROMIUM`);
mkdirSync(shots, { recursive: true });

/** `nparams serve` with the built page; its address. */
export async function served() {
  const server = spawn(PYTHON, ["-m", "nparams", "serve", "--port", "0", "--site", join(root, "web", "dist")], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, PYTHONUNBUFFERED: "1" },
  });
  const address = await new Promise((resolve, reject) => {
    server.stdout.once("data", (data) => resolve(String(data).split(" ")[0]));
    server.once("exit", (code) => reject(new Error(`nparams serve ended with ${code}`)));
  });
  return { address, stop: () => server.kill() };
}

export function launched() {
  return chromium.launch({
    executablePath: CHROMIUM,
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync", "--disable-default-apps", "--disable-dev-shm-usage",
    ],
  });
}

/** A new visitor's page; `asked` holds the address of every request that it makes, `faults` what its console complains of. */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "en-US", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE);
  const asked = [];
  const faults = [];
  context.on("request", (request) => asked.push(request.url()));
  page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(String(error)));
  return { context, page, asked, faults };
}

export const ready = (page) => page.waitForFunction(() => document.body.dataset.stage === "ready", null, { timeout: PATIENCE });

/** The total as it stands on the page, once it is `wanted`. */
export const totalIs = (page, wanted) =>
  page.waitForFunction((text) => document.querySelector("#total .number b")?.textContent === text, wanted, { timeout: PATIENCE });

export const folder = () => mkdtempSync(join(tmpdir(), "nparams-page-"));
