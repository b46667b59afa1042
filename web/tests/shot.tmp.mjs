import { served, launched, visitor, ready, totalIs } from "/work/main/web/tests/browser.mjs";
const site=await served(); const b=await launched(); const {page,faults}=await visitor(b);
await page.goto(site.address+"#s=784-h-h-10&v.h=16&n=12960&m=10000"); await totalIs(page,"13,002");
await page.waitForTimeout(1500);
await page.locator("#explain summary").click(); await page.locator("#exercises summary").click(); await page.waitForTimeout(1500);
await page.screenshot({path:"/tmp/x/open.png",fullPage:true});
for (const as of ["SVG","PNG"]) { const [d]=await Promise.all([page.waitForEvent("download"), page.getByRole("button",{name:`save ${as}`}).click()]); await d.saveAs("/tmp/x/net."+as.toLowerCase()); console.log(d.suggestedFilename()); }
await page.evaluate(()=>document.body.classList.add("only-sheet"));
await page.pdf({path:"/tmp/x/sheet.pdf",format:"A4",margin:{top:"18mm",bottom:"18mm",left:"18mm",right:"18mm"}});
console.log(faults); await b.close(); site.stop();
