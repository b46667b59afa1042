import assert from "node:assert/strict";
import { truncateSync, writeFileSync, openSync, writeSync, closeSync, ftruncateSync, readFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { folder, launched, PATIENCE, ready, root, served, shots, totalIs, visitor } from "./browser.mjs";

let browser;
let site;

before(async () => {
  site = await served();
  browser = await launched();
});

after(async () => {
  await browser?.close();
  site?.stop();
});

/** A page that is ready, at the state that a link names. */
async function opened(hash = "", options = {}) {
  const made = await visitor(browser, options);
  await made.page.goto(site.address + hash);
  await ready(made.page);
  return made;
}

/** A safetensors file of one tensor; its data are a hole. */
function checkpoint(path, shape, bytesEach = 2) {
  const size = shape.reduce((a, b) => a * b, bytesEach);
  const header = Buffer.from(JSON.stringify({ "model.w.weight": { dtype: "BF16", shape, data_offsets: [0, size] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const file = openSync(path, "w");
  writeSync(file, Buffer.concat([length, header]));
  ftruncateSync(file, 8 + header.length + size);
  closeSync(file);
  return path;
}

async function drop(page, paths) {
  const session = await page.context().newCDPSession(page);
  const data = { items: [], files: paths, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"]) {
    await session.send("Input.dispatchDragEvent", { type, x: 300, y: 300, data });
  }
}

test("the page is drawn and takes input before Python is there, and what was typed is answered first", async () => {
  const { page, context } = await visitor(browser, { serviceWorkers: "block" });
  let open;
  const gate = new Promise((resolve) => { open = resolve; });
  await context.route("**/pyodide.mjs", (route) => gate.then(() => route.continue()));
  await page.goto(site.address);
  await page.locator("#source").fill("2-2-2");
  assert.match(await page.locator("#stage").innerText(), /Python is loading/);
  open();
  await totalIs(page, "12");
  await context.close();
});

test("typing is answered, with rows that sum to the total", async () => {
  const { page, context, faults } = await opened();
  await totalIs(page, "13,002");
  assert.equal(await page.locator(".split").innerText(), "= 12,960 weights + 42 biases");
  assert.deepEqual(await page.locator("tbody td.c-total").allInnerTexts(), ["12,560", "272", "170"]);
  assert.equal(await page.locator("tfoot td.c-total").innerText(), "13,002");
  await page.locator("#source").fill("784-100-10");
  await totalIs(page, "79,510");
  assert.deepEqual(faults, []);
  await context.close();
});

test("a link reproduces the view: network, numbers, the other number and the budget", async () => {
  const { page, context } = await opened("#s=784-h-h-10&v.h=16&n=12%2C960&m=10%2C000");
  await totalIs(page, "13,002");
  await page.getByText("You left out the 42 biases", { exact: false }).first().waitFor();
  await context.close();
  const other = await opened("#s=784-h-h-10&m=10000");
  await other.page.getByText("h = 12").first().waitFor();
  await other.page.locator(".fit").first().click();
  await totalIs(other.page, "9,706");
  assert.match(other.page.url(), /v\.h=12/);
  await other.page.getByText("h = 12").first().waitFor(); // the budget is still answered
  await other.page.locator("#source").fill("784-16-16-10");
  await totalIs(other.page, "13,002");
  await other.page.locator("#budget").fill("10,000");
  await other.page.locator("#solve button").first().click();
  await other.page.locator(".fit").first().click();
  await totalIs(other.page, "9,706");
  assert.equal(await other.page.locator("#source").inputValue(), "784-h-h-10");
  const url = other.page.url();
  const third = await visitor(browser);
  await third.page.goto(url);
  await totalIs(third.page, "9,706");
  await third.context.close();
  await other.context.close();
});

test("pasted code, a config and a symbolic network are read", async () => {
  const { page, context } = await opened();
  await page.locator("#source").fill("nn.Sequential(\n  nn.Conv2d(3, 64, 7),\n  nn.BatchNorm2d(64),\n)");
  await totalIs(page, "9,600");
  await page.locator("#source").fill('{"model_type": "llama"}');
  await totalIs(page, "6,738,415,616");
  await page.locator("#source").fill("h0-h1-h2");
  await page.waitForFunction(() => document.querySelectorAll("#symbols input").length === 3);
  assert.ok(await page.locator("#total math").count());
  for (const [name, value] of [["h0", "784"], ["h1", "16"], ["h2", "10"]]) await page.locator(`#symbols input[name=${name}]`).fill(value);
  await totalIs(page, "12,730");
  await context.close();
});

test("whose layers are meant is a choice where it matters", async () => {
  const { page, context } = await opened(`#s=${encodeURIComponent("lstm 128 on 64")}`);
  await totalIs(page, "98,816");
  await page.getByLabel("PyTorch").check();
  await totalIs(page, "99,328");
  await context.close();
});

test("which neurons have biases is a choice, and the link keeps it", async () => {
  const { page, context } = await opened();
  await totalIs(page, "13,002");
  await page.locator("#bias").selectOption("none");
  await totalIs(page, "12,960");
  assert.match(page.url(), /b=none/);
  await page.locator("#source").fill("2-2-2");
  await totalIs(page, "12");
  await context.close();
});

test("a row lights its edges and neurons, and an edge its row", async () => {
  const { page, context } = await opened();
  await totalIs(page, "13,002");
  await page.locator("tbody tr").nth(1).hover();
  assert.ok(await page.locator('#picture .np-edges[data-row="fc2"].np-lit').count());
  assert.equal(await page.locator('#picture .np-edges[data-row="fc1"].np-lit').count(), 0);
  await page.locator('#picture .np-node[data-row="fc3"]').first().hover();
  assert.ok(await page.locator('tbody tr[data-row="fc3"].lit').count());
  await context.close();
});

/** What README.md asks of texts on the command line, and the numbers that it prints. */
function readme() {
  const lines = readFileSync(join(root, "README.md"), "utf8").split("\n");
  return lines.flatMap((line, k) => {
    const found = /^\$ nparams (-q )?("?)([^"$]+)\2( --formula)?$/.exec(line);
    const text = found?.[3]?.trim() ?? "";
    if (!found || /\.(py|pth|safetensors|json)\b|^(why|diff|solve|check|formula)\b/.test(text)) return [];
    return [[text, found[1] ? lines[k + 1] : null]];
  });
}

test("every text of the README opens as a link", async () => {
  const texts = readme();
  assert.ok(texts.length >= 10, `${texts.length} texts were found`);
  const { page, context } = await opened();
  for (const [text, told] of texts) {
    await page.goto(`${site.address}#s=${encodeURIComponent(text)}`);
    await page.waitForFunction((want) => document.querySelector("#source").value === want && !document.querySelector("#result").hidden, text);
    if (told) await totalIs(page, Number(told).toLocaleString("en-US"));
  }
  await context.close();
});

test("what is wrong is said in one line, as text", async () => {
  const { page, context } = await opened();
  await page.locator("#source").fill("784-16-x<img src=x onerror=alert(1)>");
  await page.locator("#refusal").waitFor();
  assert.equal(await page.locator("#refusal img").count(), 0);
  assert.equal(await page.locator("#result").isHidden(), true);
  await context.close();
});

test("a checkpoint of 100 GB is counted by its header, in a second", async () => {
  const path = checkpoint(join(folder(), "model.safetensors"), [50_000, 1_000_000]);
  const { page, context } = await opened();
  await totalIs(page, "13,002");
  const begun = performance.now();
  await drop(page, [path]);
  await totalIs(page, "50,000,000,000");
  const took = performance.now() - begun;
  const said = await page.locator("#read-as").innerText();
  assert.match(said, /read [\d.]+ (bytes|kB) of 100 GB/);
  console.log(`100 GB counted in ${took.toFixed(0)} ms: ${said}`);
  await context.close();
});

test("shards that are chosen together are one network", async () => {
  const at = folder();
  const names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
  const header = (name) => Buffer.from(JSON.stringify({ [name]: { dtype: "F32", shape: [3], data_offsets: [0, 12] } }));
  for (const [k, name] of names.entries()) {
    const length = Buffer.alloc(8);
    const held = header(`w${k}`);
    length.writeBigUInt64LE(BigInt(held.length));
    writeFileSync(join(at, name), Buffer.concat([length, held, Buffer.alloc(12)]));
  }
  writeFileSync(join(at, "model.safetensors.index.json"), JSON.stringify({ metadata: {}, weight_map: { w0: names[0], w1: names[1] } }));
  const { page, context } = await opened();
  await page.locator("#files").setInputFiles([...names, "model.safetensors.index.json"].map((name) => join(at, name)));
  await totalIs(page, "6");
  await context.close();
});

test("hostile files are refused in one line, and the page goes on", async () => {
  const at = folder();
  const hostile = {
    "long.safetensors": Buffer.concat([Buffer.from("ffffffffffffff7f", "hex"), Buffer.from("{}")]),
    "deep.json": Buffer.from(`{"model_type": ${"[".repeat(100_000)}`),
    "bad.gguf": Buffer.concat([Buffer.from("GGUF"), Buffer.alloc(20, 0xff)]),
    "evil.bin": Buffer.from("\x80\x02cos\nsystem\nq\x00X\x02\x00\x00\x00idq\x01\x85q\x02Rq\x03."),
    "empty.pt": Buffer.alloc(0),
  };
  const { page, context } = await opened();
  for (const [name, data] of Object.entries(hostile)) {
    writeFileSync(join(at, name), data);
    await page.locator("#refusal").evaluate((element) => { element.textContent = ""; });
    await page.locator("#files").setInputFiles(join(at, name));
    await page.waitForFunction(() => document.querySelector("#refusal").textContent.length > 10, null, { timeout: PATIENCE });
    const said = await page.locator("#refusal").innerText();
    assert.ok(!said.includes("Traceback") && said.split("\n").length === 1, said);
  }
  await page.locator("#source").fill("2-2-2");
  await totalIs(page, "12");
  await context.close();
});

test("nothing is asked of anyone else, and nothing at all once everything is there", async () => {
  const { page, context, asked } = await opened("#s=resnet50");
  await totalIs(page, "25,557,032");
  await page.waitForFunction(() => navigator.serviceWorker.ready.then(() => true));
  await page.waitForLoadState("networkidle");
  const origin = new URL(site.address).origin;
  assert.deepEqual(asked.filter((url) => !url.startsWith(origin) && !url.startsWith("blob:")), []);
  const before = asked.length;
  await page.locator("#source").fill('{"model_type": "gpt2"}');
  await totalIs(page, "124,439,808");
  await page.locator("#got").fill("123");
  await page.locator("#why button").click();
  await page.locator("#why-says p").first().waitFor();
  await page.locator("#explain summary").click();
  assert.deepEqual(asked.slice(before).filter((url) => !url.startsWith("blob:")), []);
  await context.close();
});

test("after the first visit it opens without a network", async () => {
  const { page, context } = await opened();
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await ready(page);
  await context.setOffline(true);
  await page.reload();
  await page.locator("#source").fill("3-3");
  await totalIs(page, "12");
  await context.close();
});

test("typing never waits for counting", async () => {
  const { page, context } = await opened();
  const longest = await page.evaluate(async () => {
    let worst = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      worst = Math.max(worst, performance.now() - last);
      last = performance.now();
    }, 5);
    const source = document.querySelector("#source");
    source.value = Array.from({ length: 400 }, (_, k) => 50 + k).join("-");
    source.dispatchEvent(new Event("input"));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    clearInterval(timer);
    if (document.querySelectorAll("#table tbody tr").length < 100) throw new Error("the table was not drawn");
    return worst;
  });
  console.log(`longest pause of the page while 400 layers were counted and drawn: ${longest.toFixed(0)} ms`);
  await context.close();
});

test("it is usable by keyboard and by those who do not see it (axe)", async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core"), "utf8");
  for (const colorScheme of ["light", "dark"]) {
    const { page, context } = await opened("#s=784-16-16-10&n=12960", { colorScheme, bypassCSP: true });
    await totalIs(page, "13,002");
    await page.locator("#explain summary").click();
    await page.evaluate(axe);
    const { violations } = await page.evaluate(() => window.axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "best-practice"] }));
    assert.deepEqual(violations.map((each) => [each.id, each.nodes.map((node) => node.target.join(" "))]), []);
    await context.close();
  }
  const { page, context } = await opened();
  await page.locator("#source").focus();
  const reached = new Set();
  for (let k = 0; k < 40; k += 1) {
    await page.keyboard.press("Tab");
    reached.add(await page.evaluate(() => document.activeElement.closest("[id]")?.id));
  }
  for (const id of ["open", "try", "table", "kinds", "got", "budget", "copy", "explain"]) assert.ok(reached.has(id), `${id} is not reached by Tab: ${[...reached]}`);
  await context.close();
});

test("copies are what the library writes", async () => {
  const { page, context } = await visitor(browser, { permissions: ["clipboard-read", "clipboard-write"] });
  await page.goto(site.address);
  await totalIs(page, "13,002");
  const copy = async (kind) => {
    await page.locator("#copied").evaluate((element) => { element.textContent = ""; });
    await page.locator("#copy").getByRole("button", { name: kind, exact: true }).click();
    await page.locator("#copied:not(:empty)").waitFor();
    return page.evaluate(() => navigator.clipboard.readText());
  };
  assert.match(await copy("Markdown"), /\*\*13,002 parameters = 12,960 weights \+ 42 biases\*\*/);
  assert.match(await copy("LaTeX"), /13\{,\}002/);
  assert.equal(JSON.parse(await copy("JSON")).total, 13002);
  assert.match(await copy("CSV"), /^name,kind/);
  assert.match(await copy("Python"), /nparams.read\("784-16-16-10"\)/);
  assert.match(await copy("link"), /#s=784-16-16-10$/);
  await context.close();
});

const LOOKS = {
  seed: "784-16-16-10",
  cnn: "input 28x28x1; conv 32 3x3; maxpool 2; conv 64 3x3; maxpool 2; flatten; dense 10",
  transformer: '{"model_type": "llama"}',
  symbolic: "h0-h1-h2",
};

test("what it looks like is kept: five networks, wide and narrow, light and dark", async () => {
  for (const [width, height] of [[1280, 900], [360, 740]]) {
    for (const colorScheme of ["light", "dark"]) {
      const { page, context } = await opened("", { viewport: { width, height }, colorScheme });
      for (const [name, text] of [...Object.entries(LOOKS), ["checkpoint", ""]]) {
        if (text) await page.locator("#source").fill(text);
        else await page.locator("#files").setInputFiles(checkpoint(join(folder(), "model.safetensors"), [4096, 4096]));
        await page.waitForFunction((want) => !document.querySelector("#result").hidden && document.querySelector("#read-as").textContent.includes(want), text ? "" : "model.safetensors");
        await page.waitForTimeout(700);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${name} at ${width}: ${wide} px too wide`);
        await page.screenshot({ path: join(shots, `${name}-${width}-${colorScheme}.png`), fullPage: true });
      }
      await context.close();
    }
  }
});
