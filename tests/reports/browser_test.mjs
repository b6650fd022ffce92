// browser_test.mjs FOLDER [without-charts]: opens the reports that make_reports wrote in headless Chromium, from file://.
// CHROMIUM names the browser. SCREENSHOTS names a folder for pictures, ONLY a pattern that a test's name has to match. Exit codes: 0, 1, 77 skipped.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { changesTests } from './browser_changes.mjs';
import { speedTests } from './browser_speed.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const made = path.resolve(process.argv[2] || '.');

function skip(reason) {
  console.log('skipped: ' + reason);
  process.exit(77);
}

async function playwright() {
  if (!existsSync(path.join(here, 'node_modules/playwright-core/package.json'))) {
    if (!process.env.NPM || !existsSync(process.env.NPM)) skip('playwright-core is missing and so is npm, which would fetch it');
    execFileSync(process.env.NPM, ['ci', '--no-audit', '--no-fund'], { cwd: here, stdio: 'inherit' });
  }
  return (await import('playwright-core')).default;
}

const executablePath = process.env.CHROMIUM;
if (!executablePath || !existsSync(executablePath)) skip('no Chromium was found (Debian: chromium)');
const { chromium } = await playwright();
const profile = mkdtempSync(path.join(tmpdir(), 'flashcore-browser-'));
const context = await chromium.launchPersistentContext(profile, {
  executablePath, headless: true, viewport: { width: 1280, height: 900 }, colorScheme: 'light',
  args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'],
});

const expected = (name) => JSON.parse(readFileSync(path.join(made, name + '.json'), 'utf8'));

// A page whose complaints, requests and dialogs are kept; check() says that there were none.
async function open(name, viewport, colorScheme) {
  const page = await context.newPage();
  const complaints = [];
  if (viewport) await page.setViewportSize(viewport);
  await page.emulateMedia({ colorScheme: colorScheme || 'light' });
  page.on('console', (message) => { if (['error', 'warning'].includes(message.type())) complaints.push(message.type() + ': ' + message.text()); });
  page.on('pageerror', (error) => complaints.push('exception: ' + error.message));
  page.on('dialog', (dialog) => { complaints.push('dialog: ' + dialog.message()); dialog.dismiss(); });
  page.on('request', (request) => { if (!/^(file|data|blob):/.test(request.url())) complaints.push('request: ' + request.url()); });
  await page.addInitScript(() => {
    window.violations = [];
    document.addEventListener('securitypolicyviolation', (event) => window.violations.push(event.violatedDirective + ' ' + event.blockedURI));
  });
  await page.goto(pathToFileURL(path.join(made, name + '.html')).href);
  await page.evaluate(() => window.FlashCore.allDrawn);
  page.check = async () => {
    await page.waitForTimeout(50);
    assert.deepEqual(complaints, [], name);
    assert.deepEqual(await page.evaluate(() => window.violations), [], name);
  };
  return page;
}

// Different colours on a canvas: an undrawn one has a single one.
const colours = (page, selector) => page.$$eval(selector + ' canvas', (canvases) => canvases.map((canvas) => {
  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const seen = new Set();
  for (let i = 0; i < pixels.length; i += 4) if (pixels[i + 3] > 0) seen.add((pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2]);
  return seen.size;
}));
const cells = (page, selector) => page.$$eval(selector, (rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent)));
const visible = (page, text) => page.evaluate((wanted) => document.body.innerText.includes(wanted), text);

const tests = {
  async 'a usual report shows its numbers and draws its charts'() {
    const page = await open('usual');
    const runs = expected('usual').runs;
    const rows = await cells(page, '#phase-table tbody tr');
    assert.deepEqual(rows.map((row) => row[0].replace(/(reference|fastest)/g, '')), ['baseline', 'wmma', 'fused', 'cublas']);
    for (const [i, row] of rows.entries()) {
      const p50 = runs[i].timing.graph_us.p50;
      const [number, unit] = row[1].split(' ');
      assert.equal(unit, 'µs');
      assert.ok(Math.abs(Number(number) - p50) <= 0.006 * p50, row[1] + ' for ' + p50);
      assert.ok(Math.abs(parseFloat(row[4]) - runs[0].timing.graph_us.p50 / p50) < 0.006, row[4]);
    }
    assert.match(rows[2][0], /fastest/);
    assert.match(rows[3][0], /reference/);
    assert.equal(rows[1][5], expected('usual').runs[1].limit.share < 0.01 ? Number((100 * runs[1].limit.share).toPrecision(3)) + ' %' : '');
    assert.equal(rows[1][7], 'issue 35 %');
    assert.equal(rows[1][8], '9.4 %'.replace('9.4', Number(runs[1].metrics.tensor_pipe_active.value.toPrecision(3)).toString()));
    for (const section of ['#phases', '#roofline', '#stalls', '#timing']) {
      const drawn = await colours(page, section);
      assert.ok(drawn.length >= 1, section + ' has a canvas');
      assert.ok(drawn.every((n) => n > 8), section + ' is drawn: ' + drawn);
    }
    const stalls = await cells(page, '#stall-table tbody tr');
    assert.equal(stalls[0][0], 'Long scoreboard');
    assert.ok((await page.$$('#metric-table tbody tr')).length > 30);
    const rowOf = async (table, id) => (await cells(page, '#' + table + '-table tr[data-row="' + id + '"]'))[0];
    assert.deepEqual((await rowOf('kernels', 'kernel.0.registers')).slice(1), ['62', '128', '168', '90']);
    assert.deepEqual((await rowOf('timing', 'graph.n')).slice(1), ['100', '100', '100', '100']);
    assert.match((await cells(page, '#timing-table tr[data-row^="check"]'))[0][1], /^rightmax 3.10e-04 \(limit 0.00059/);
    assert.match((await rowOf('measurements', 'measurement.4.tool'))[1], /CUPTI 130000/);
    assert.match((await rowOf('environment', 'device.chip'))[1], /GH100/);
    assert.match(await page.textContent('#environment-table thead'), /all runs/);
    await page.check();
  },
  async 'the tables of runs fit a desktop'() {
    const page = await open('usual');
    for (const table of ['#phase-table', '#speed-table', '#limit-table']) {
      const over = await page.$eval(table, (element) => element.parentElement.scrollWidth - element.parentElement.clientWidth);
      assert.ok(over <= 0, table + ' is ' + over + ' px wider than its place');
    }
    await page.check();
  },
  async 'another problem can be chosen'() {
    const page = await open('usual');
    const before = (await cells(page, '#phase-table tbody tr'))[0][1];
    await page.getByRole('button', { name: 'large' }).click();
    const rows = await cells(page, '#phase-table tbody tr');
    assert.notEqual(rows[0][1], before);
    assert.match(await page.textContent('#phases-title'), /large/);
    assert.ok((await colours(page, '#roofline'))[0] > 8);
    await page.getByRole('button', { name: 'L2' }).click();
    await page.getByRole('button', { name: 'L1' }).click();
    await page.getByRole('button', { name: 'Of limit' }).click();
    await page.getByRole('button', { name: 'Rate' }).click();
    await page.getByRole('button', { name: 'Single launch' }).click();
    await page.check();
  },
  async 'points tell their values under the mouse'() {
    const page = await open('usual');
    const box = await (await page.$('#phases canvas')).boundingBox();
    await page.mouse.move(box.x + 160, box.y + 30);
    await page.waitForSelector('.tip');
    assert.match(await page.textContent('.tip'), /baseline/);
    await page.check();
  },
  async 'the theme follows the system and the button'() {
    const page = await open('usual', null, 'dark');
    const theme = () => page.evaluate(() => document.documentElement.dataset.theme);
    const paper = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    assert.equal(await theme(), 'dark');
    const dark = await paper();
    await page.click('#theme');
    assert.equal(await theme(), 'light');
    assert.notEqual(await paper(), dark);
    assert.ok((await colours(page, '#roofline'))[0] > 8);
    await page.evaluate(() => localStorage.clear());
    await page.check();
  },
  async 'the filter leaves the metrics that match'() {
    const page = await open('usual');
    await page.fill('.filter', 'tensor_pipe');
    const shown = await page.$$eval('#metric-table [data-metric]', (rows) => rows.filter((row) => row.offsetParent !== null).map((row) => row.dataset.metric));
    assert.ok(shown.includes('tensor_pipe_active') && shown.every((id) => id.includes('tensor_pipe')), String(shown));
    await page.check();
  },
  async 'a recording says so'() {
    const page = await open('recording');
    assert.match(await page.textContent('.banner'), /This is a recording.*NVIDIA H200.*2026-01-31T12:00:00Z.*0123456789ab/s);
    assert.equal((await page.$$('#phase-table .tag.recording')).length, 4);
    await page.check();
  },
  async 'no runs, one run, and a run of which nothing is known'() {
    const empty = await open('empty');
    assert.ok(await visible(empty, 'There are no runs in this report'));
    await empty.check();
    const single = await open('single');
    assert.equal((await single.$$('#phase-table tbody tr')).length, 1);
    assert.equal((await single.$$('.problems')).length, 0);
    await single.check();
    const bare = await open('bare');
    assert.match(await bare.textContent('#phase-table'), /not checked/);
    assert.ok(await visible(bare, 'No roofline'));
    await bare.check();
  },
  async 'a run without counters says why and what to do'() {
    const page = await open('no_counters');
    const text = await page.textContent('#problem');
    assert.match(text, /No stall reasons: .*refuses/);
    assert.match(text, /NVreg_RestrictProfilingToAdminUsers=0/);
    assert.match((await cells(page, '#phase-table tbody tr'))[0][8], /missing/);
    assert.match(await page.textContent('#phases .reasons'), /refuses/);
    assert.match((await cells(page, '#phase-table tbody tr'))[0][1], /µs/);
    await page.check();
  },
  async 'a wrong answer is called wrong and has no timing'() {
    const page = await open('wrong');
    const row = (await cells(page, '#phase-table tbody tr')).find((cell) => cell[0].includes('broken'));
    assert.match(row[1], /WRONG: max error 1.25.*3 NaN/);
    assert.doesNotMatch(row.join(' '), /µs/);
    const timing = await page.$$eval('#timing-table tr[data-row="graph.p50"] td', (all) => all.map((cell) => cell.textContent));
    assert.match(timing[0], /µs/);
    assert.match(timing[1], /missing/);
    assert.doesNotMatch(await page.textContent('#roofline-table'), /broken/);
    await page.check();
  },
  async 'imports have a table of their own, with the times that were counted'() {
    const page = await open('imports');
    const rows = await cells(page, '#import-table tbody tr');
    assert.equal(rows.length, 2);
    assert.match(rows[0][0], /ampere_sgemm.*import/);
    assert.equal(rows[0][1], '20.0 µs');
    assert.match(rows[0][7], /gpu__time_duration.sum, ncu/);
    assert.match(await page.textContent('.banner'), /These runs are imported.*Nsight Compute 2025.3.1/s);
    assert.ok((await colours(page, '#roofline'))[0] > 8);
    assert.match((await cells(page, '#roofline-table tbody tr'))[0][9], /ncu \(FP32\)/);
    await page.getByRole('button', { name: /imports on an unnamed device/ }).click();
    assert.equal((await cells(page, '#import-table tbody tr'))[0][1], '12.3 µs');
    await page.check();
  },
  async 'long names that are alike keep the number that tells them apart'() {
    for (const viewport of [{ width: 1280, height: 900 }, { width: 390, height: 844 }]) {
      const page = await open('alike', viewport);
      const numbers = await page.$$eval('#import-table tbody th', (heads) => heads.map((head) => {
        const number = head.querySelector('.run-number'), label = head.querySelector('.label').getBoundingClientRect();
        return [number.textContent, number.getBoundingClientRect().right <= label.right + 1];
      }));
      assert.deepEqual(numbers, [[' #1', true], [' #2', true]]);
      assert.match(await page.textContent('#summary'), /^1 subject \(nvjet[^)]*\), measured on NVIDIA H200\.$/);
      assert.match(await page.textContent('.banner'), /None of them was measured.*imported 2026-02-01T10:00:00Z/s);
      await page.check();
    }
  },
  async 'a counter that two measurements hold is shown with both'() {
    const page = await open('twice');
    const row = (await cells(page, '#measurements-table tr[data-row="counter.dram__bytes.sum"]'))[0];
    assert.match(row[1], /4400000/);
    assert.match((await cells(page, '#kernels-table tr[data-row="kernel.0.registers"]'))[0][1], /62.*ncu says 120/);
    await page.check();
  },
  async 'text from outside stays text'() {
    const page = await open('hostile');
    assert.ok(await visible(page, '<script>alert(1)</script>'));
    assert.ok(await visible(page, '</script><script>alert(4)</script>'));
    assert.ok((await page.textContent('#runs')).includes('x'.repeat(10000)));
    assert.ok((await page.textContent('#runs')).includes('{{licences}}'));
    assert.equal((await page.$$('#problem script, #problem img')).length, 0);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, 'the page is ' + wide + ' px too wide');
    await page.check();
  },
  async 'no width makes the page scroll sideways'() {
    for (const name of ['usual', 'kernels', 'imports', 'hostile']) for (const width of [360, 800, 1280]) {
      const page = await open(name, { width, height: 844 });
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, name + ' at ' + width + ' is ' + wide + ' px too wide');
      if (name === 'usual') assert.ok((await colours(page, '#roofline'))[0] > 8);
      await page.check();
      await page.close();
    }
  },
  ...speedTests({ open, expected, cells }),
  ...changesTests({ open, expected, cells, colours, visible, made }),
  async 'charts have words, tables have heads, buttons have names'() {
    const page = await open('usual');
    const labels = await page.$$eval('.chart', (charts) => charts.map((chart) => [chart.getAttribute('role'), chart.getAttribute('aria-label')]));
    assert.ok(labels.length >= 4 && labels.every(([role, label]) => role === 'img' && label.length > 20));
    assert.ok(await page.$$eval('table', (tables) => tables.every((table) => table.querySelector('thead th[scope=col]') && table.querySelector('tbody th'))));
    assert.ok(await page.$$eval('button', (buttons) => buttons.every((button) => button.textContent.trim() !== '')));
    await page.check();
  },
};

// Of a build that carries no ECharts.
const testsWithoutCharts = {
  async 'a report without charts has all its tables and says where charts are missing'() {
    const page = await open('usual');
    assert.match(await page.textContent('#no-charts'), /no charts.*npm ci/s);
    assert.equal((await page.$$('canvas')).length, 0);
    assert.ok((await page.$$('.no-chart')).length >= 4);
    assert.equal((await page.$$('#phase-table tbody tr')).length, 4);
    for (const table of ['#roofline-table', '#stall-table', '#metric-table', '#timing-table', '#kernels-table', '#measurements-table']) {
      assert.ok(await page.isVisible(table), table);
      assert.ok((await page.$$(table + ' tbody tr')).length > 3, table);
    }
    await page.getByRole('button', { name: 'large' }).click();
    assert.match(await page.textContent('#phases-title'), /large/);
    await page.getByRole('button', { name: 'Rate' }).click();
    assert.doesNotMatch(await page.textContent('#made'), /ECharts/);
    await page.check();
  },
  ...speedTests({ open, expected, cells }),
  async 'no runs, imports and hostile text'() {
    for (const name of ['empty', 'imports', 'hostile', 'bare']) await (await open(name)).check();
  },
  async 'what changed is all in tables'() {
    const page = await open('compared');
    await page.click('[data-pair="1"]');
    for (const table of ['#change-map', '#verdict-table', '.split-table', '.arrows-table', '#changed-metrics', '#ladder-table', '.history-table']) assert.ok(await page.isVisible(table), table);
    assert.ok((await page.$$('.pair .no-chart')).length >= 3);
    await page.check();
  },
};

async function screenshots(folder) {
  mkdirSync(folder, { recursive: true });
  for (const [label, viewport] of [['desktop', { width: 1280, height: 900 }], ['phone', { width: 390, height: 844 }]]) {
    for (const scheme of ['light', 'dark']) {
      const page = await open('recording', viewport, scheme);
      await page.screenshot({ path: path.join(folder, label + '-' + scheme + '.png'), fullPage: true });
      await page.close();
    }
  }
  for (const name of ['empty', 'no_counters', 'wrong', 'hostile', 'bare', 'imports', 'twice', 'kernels', 'caches', 'old']) {
    const page = await open(name);
    await page.screenshot({ path: path.join(folder, name + '.png'), fullPage: true });
    await page.close();
  }
}

let failures = 0;
const chosen = process.argv[3] === 'without-charts' ? testsWithoutCharts : tests;
for (const [name, test] of Object.entries(chosen)) {
  if (process.env.ONLY && !new RegExp(process.env.ONLY).test(name)) continue;
  try {
    await test();
    console.log('ok      ' + name);
  } catch (error) {
    failures += 1;
    console.log('FAILED  ' + name + '\n' + String(error.stack).replace(/^/gm, '        '));
  }
  for (const page of context.pages().slice(1)) await page.close();
}
if (process.env.SCREENSHOTS) await screenshots(process.env.SCREENSHOTS);
await context.close();
rmSync(profile, { recursive: true, force: true });
console.log(Object.keys(chosen).length - failures + ' of ' + Object.keys(chosen).length + ' passed');
process.exit(failures ? 1 : 0);
