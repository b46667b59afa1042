/** What the page costs: bytes for a first answer, and the time of answers once Python is there. make bench-web prints it. */
import { closeSync, ftruncateSync, openSync, readdirSync, readFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants } from "node:zlib";
import { folder, launched, ready, root, served, totalIs, visitor } from "./browser.mjs";

const dist = join(root, "web", "dist");
const LATER = /catalogue\.bin$|sw\.js$/; // fetched after the first answer

function shrunk(path) {
  const data = readFileSync(path);
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_LGWIN]: 24, [constants.BROTLI_PARAM_SIZE_HINT]: data.length,
  };
  return brotliCompressSync(data, { params }).length;
}

const files = readdirSync(dist, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const sizes = files.map((entry) => [entry.name, shrunk(join(entry.parentPath ?? entry.path, entry.name))]);
const first = sizes.filter(([name]) => !LATER.test(name)).reduce((sum, [, size]) => sum + size, 0);
console.log(`first answer: ${(first / 1e6).toFixed(2)} MB over brotli (6 MB at most); later ${(sizes.filter(([name]) => LATER.test(name)).reduce((sum, [, size]) => sum + size, 0) / 1e6).toFixed(2)} MB`);
for (const [name, size] of sizes.sort((a, b) => b[1] - a[1]).slice(0, 5)) console.log(`  ${name} ${(size / 1e6).toFixed(2)} MB`);

const site = await served();
const browser = await launched();
const { page } = await visitor(browser);
const begun = performance.now();
await page.goto(site.address);
await ready(page);
await totalIs(page, "13,002");
console.log(`loopback: ready and answered after ${((performance.now() - begun) / 1000).toFixed(1)} s`);

/** Milliseconds from typing a text to its total standing on the page, as the page itself sees it. */
const answered = (text, wanted) =>
  page.evaluate(
    ([typed, total]) =>
      new Promise((resolve) => {
        const source = document.querySelector("#source");
        const since = performance.now();
        const watch = new MutationObserver(() => {
          if (document.querySelector("#total .number b")?.textContent === total) {
            watch.disconnect();
            resolve(performance.now() - since);
          }
        });
        watch.observe(document.querySelector("#total"), { childList: true, subtree: true });
        source.value = typed;
        source.dispatchEvent(new Event("input"));
      }),
    [text, wanted],
  );

const times = [];
for (let k = 0; k < 11; k += 1) {
  await answered("2-2-2", "12");
  times.push(await answered("784-16-16-10", "13,002"));
}
times.sort((a, b) => a - b);
console.log(`784-16-16-10: ${times[5].toFixed(0)} ms from typing to the answer, median of 11 (${times[0].toFixed(0)} to ${times[10].toFixed(0)}; 50 at most)`);

const path = join(folder(), "model.safetensors");
const header = Buffer.from(JSON.stringify({ w: { dtype: "BF16", shape: [50_000, 1_000_000], data_offsets: [0, 1e11] } }));
const length = Buffer.alloc(8);
length.writeBigUInt64LE(BigInt(header.length));
const file = openSync(path, "w");
writeSync(file, Buffer.concat([length, header]));
ftruncateSync(file, 8 + header.length + 1e11);
closeSync(file);
const since = performance.now();
await page.locator("#files").setInputFiles(path);
await totalIs(page, "50,000,000,000");
console.log(`100 GB of safetensors: ${(performance.now() - since).toFixed(0)} ms (1,000 at most), ${await page.locator("#read-as").innerText()}`);
await browser.close();
site.stop();
