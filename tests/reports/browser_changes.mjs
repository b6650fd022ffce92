// What changed, the ladder, history, paper, colours and many runs, in a real browser. browser_test.mjs runs these.
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';

const kMostBytes = 10e6;

export function changesTests({ open, expected, cells, colours, visible, made }) {
  const sideways = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);

  // Texts of a chart as the library placed them: [text, left, top, right, bottom].
  const placedTexts = (page, selector) => page.$eval(selector, (element) => echarts.getInstanceByDom(element).getZr().storage.getDisplayList(true)
    .filter((item) => item.type === 'tspan' && item.style.text && !item.ignore).map((item) => {
      const rect = item.getBoundingRect().clone();
      if (item.transform) rect.applyTransform(item.transform);
      return [item.style.text, rect.x, rect.y, rect.x + rect.width, rect.y + rect.height];
    }));

  return {
    async 'the map has a word and a change for each pair, and holes where there is none'() {
      const page = await open('compared');
      const heads = (await cells(page, '#change-map thead tr'))[0].slice(1), pairs = expected('compared');
      assert.deepEqual(heads, ['mission', 'large']);
      const rows = await cells(page, '#change-map tbody tr');
      assert.deepEqual(rows.map((row) => row[0]), ['baseline', 'wmma', 'fused', 'cublas']);
      for (const pair of pairs) {
        const shown = rows.find((row) => row[0] === pair.phase)[1 + heads.indexOf(pair.problem)];
        assert.equal(shown.replace(/^\S+ /, '').replace(/ %$/, '').replace(/[-+][\d.]+$/, ''), pair.word, pair.phase + ' on ' + pair.problem);
        assert.ok(Math.abs(parseFloat(/[-+][\d.]+/.exec(shown)[0]) - pair.change_percent) <= 0.051, shown + ' for ' + pair.change_percent);
      }
      assert.match(rows[2][2], /missing.*not in the base/);
      assert.equal((await page.$$('#change-map [data-pair]')).length, pairs.length);
      assert.match(await page.textContent('#change-summary'), /Against nightly \(the 7 runs.*7 pairs: 2 slower, 2 faster, 1 ambiguous, 2 same\./);
      assert.match(await page.textContent('#changes'), /Only in the base: scalar on mission.*Only here: fused on large.*the newest of two builds was taken/s);
      await page.check();
    },
    async 'the keyboard goes through the map and opens a pair'() {
      const page = await open('compared');
      await page.focus('#change-map [data-pair="0"]');
      const label = () => page.evaluate(() => document.activeElement.getAttribute('aria-label'));
      await page.keyboard.press('ArrowRight');
      assert.match(await label(), /^baseline on large: SAME/);
      for (const key of ['ArrowLeft', 'ArrowDown', 'ArrowDown']) await page.keyboard.press(key);
      assert.match(await label(), /^fused on mission: SLOWER, \+4\.17 %, /);
      await page.keyboard.press('ArrowRight');
      assert.match(await label(), /^fused on mission/, 'there is nothing behind it but a hole');
      await page.keyboard.press('ArrowUp');
      await page.keyboard.press('Enter');
      assert.match(await page.textContent('.pair h3'), /FASTER.*wmma on mission/);
      assert.equal(await page.getAttribute('[aria-expanded="true"]', 'data-pair'), '1');
      await page.check();
    },
    async 'a pair shows its verdict, both sets of samples, why and its metrics'() {
      const page = await open('compared');
      const pairs = expected('compared');
      assert.match(await page.textContent('.pair h3'), /SLOWER.*cublas on large/, 'the worst is open at first');
      for (const [i, pair] of pairs.entries()) {
        await page.click('[data-pair="' + i + '"]');
        assert.equal(await page.textContent('.pair [data-sentence]'), pair.sentence);
        const time = (await cells(page, '[data-judged="time"]'))[0];
        for (const [text, ns] of [[time[1], pair.base_ns], [time[2], pair.now_ns]]) {
          const [number, unit] = text.split(' ');
          assert.ok(Math.abs(Number(number) * { 'µs': 1e3, ms: 1e6 }[unit] - ns) <= 0.0006 * ns, text + ' for ' + ns);
        }
        assert.match(time[4], /^[-+][\d.]+ to [-+][\d.]+ %$/);
        // Whatever it is split by, the parts lead from the one time to the other.
        for (const view of ['Causes', 'issue states']) {
          await page.getByRole('group', { name: 'Split by' }).getByRole('button', { name: view }).click();
          const parts = await page.$$eval('.split-table [data-part]', (rows) => rows.map((row) => Number(row.dataset.ns)));
          assert.equal(parts.length, 2);
          assert.ok(Math.abs(pair.base_ns + parts[0] + parts[1] - pair.now_ns) < 1e-6 * pair.now_ns, view);
          const bars = await page.$eval('[data-view] .chart', (element) => {
            const [from, long] = echarts.getInstanceByDom(element).getOption().series.map((series) => series.data);
            return from.map((start, k) => [start, start + long[k].value]);
          });
          assert.ok(Math.abs(bars[3][1] - bars[0][1] - (pair.now_ns - pair.base_ns)) < 1e-6 * pair.now_ns, 'drawn from base to now');
          const near = (a, b) => Math.abs(a - b) < 1e-6 * pair.now_ns;
          for (const k of [1, 2, 3]) assert.ok(bars[k].some((end) => bars[k - 1].some((other) => near(end, other))), view + ': bar ' + k + ' goes on where the one before ends');
        }
      }
      assert.match(await page.textContent('.causes'), /96 B/);
      assert.match(await page.textContent('[data-note="facts"]'), /registers 168 -> 96; occupancy limited/);
      assert.match(await page.textContent('.pair'), /clock: no clock was stamped/);
      assert.match(await page.textContent('.sides'), /1 run, 100 samples worth 61 independent ones; 3 of warm-up; drift \+0\.12 %/);
      assert.deepEqual((await cells(page, '#changed-metrics tbody tr')).map((row) => row[5]), ['WORSE']);
      await page.getByRole('button', { name: 'All 3' }).click();
      assert.match((await cells(page, '#changed-metrics [data-metric="dram_bytes"]'))[0][1], /missing: the base was not counted/);
      const drawn = await colours(page, '.pair');
      assert.equal(drawn.length, 3, 'distribution, split, both rooflines');
      assert.ok(drawn.every((n) => n > 8), String(drawn));
      await page.check();
    },
    async 'both rooflines have arrows with the change of the rate'() {
      const page = await open('compared');
      await page.click('[data-pair="1"]');
      const rows = await cells(page, '.arrows-table tbody tr'), pair = expected('compared')[1];
      const dram = rows.find((row) => row[0] === 'wmma' && row[1] === 'DRAM');
      const faster = 100 * (pair.base_ns / pair.now_ns - 1);
      assert.ok(Math.abs(parseFloat(dram[6]) - faster) < 0.06, dram[6] + ' for ' + faster);
      const option = await page.evaluate(() => [...document.querySelectorAll('.pair .chart')].map((element) => echarts.getInstanceByDom(element).getOption().series)
        .flatMap((series) => series.filter((s) => s.markLine && s.data.length === 0)).map((s) => s.markLine.data.map(([from, to]) => [from.coord[1], to.coord[1], to.symbol])));
      assert.equal(option.length, 1);
      assert.equal(option[0].length, 4, 'an arrow a phase of the problem');
      assert.ok(option[0].every(([, , symbol]) => symbol === 'arrow'));
      assert.ok(option[0].some(([from, to]) => Math.abs(100 * (to / from - 1) - faster) < 0.06), 'it points from base to now');
      await page.check();
    },
    async 'the ladder tells each gain over the rung before'() {
      const page = await open('usual');
      const runs = expected('usual').runs, rows = await cells(page, '#ladder-table tbody tr');
      assert.deepEqual(rows.map((row) => row[1].slice(0, 4)), ['base', 'wmma', 'fuse'], 'a reference stands on no rung');
      for (const i of [1, 2]) assert.ok(Math.abs(parseFloat(rows[i][3]) - runs[i - 1].timing.graph_us.p50 / runs[i].timing.graph_us.p50) < 0.006, rows[i][3]);
      assert.ok(rows.slice(1).every((row) => /FASTER|SLOWER|SAME|AMBIGUOUS|missing/.test(row[5])), JSON.stringify(rows));
      await page.check();
    },
    async 'history marks its change points by commit'() {
      const page = await open('compared');
      const row = (await cells(page, '.history-table tbody tr'))[0];
      assert.deepEqual(row.slice(0, 3), ['ccccccc0 better', 'bbbbbbb0', '34.12 µs']);
      assert.equal(row[4], '-8.21 %');
      assert.match(await page.textContent('#history'), /23 runs on NVIDIA H200\. 1 change point\. Dashed: driver 575.57.08 -> 580.65.06\. These are marks, not causes/);
      const texts = (await placedTexts(page, '#history .chart')).map(([text]) => text);
      assert.ok(texts.some((text) => text.includes('ccccccc0') && text.includes('-8.21 %')), texts.join(' | '));
      await page.getByRole('button', { name: 'large' }).last().click();
      assert.equal((await page.$$('#history')).length, 0, 'of another problem nothing is known');
      await page.check();
    },
    async 'a reason has one colour on every problem, and no phase has it'() {
      for (const scheme of ['light', 'dark']) {
        const page = await open('usual', null, scheme);
        const shades = () => page.$$eval('#stall-table [data-stall]', (marks) => Object.fromEntries(marks.map((mark) => [mark.dataset.stall, getComputedStyle(mark).backgroundColor])));
        const mission = await shades();
        const phases = await page.$$eval('#phase-table .swatch', (marks) => marks.map((mark) => getComputedStyle(mark).backgroundColor));
        assert.ok(Object.keys(mission).length >= 6);
        assert.equal(new Set(Object.values(mission)).size, Object.keys(mission).length, 'each its own');
        for (const shade of Object.values(mission)) assert.ok(!phases.includes(shade), shade);
        const drawn = await page.$eval('#stalls .chart', (element) => echarts.getInstanceByDom(element).getOption().series.map((s) => [s.id, s.itemStyle.color]));
        await page.check();
        await page.close();
        // Here other reasons weigh most, in another order.
        const other = await open('stalls', null, scheme);
        const there = await other.$eval('#stalls .chart', (element) => echarts.getInstanceByDom(element).getOption().series.map((s) => [s.id, s.itemStyle.color]));
        const known = new Map(drawn), both = there.filter(([id]) => known.has(id));
        assert.ok(both.length >= 4);
        for (const [id, shade] of both) assert.equal(shade, known.get(id), id);
        await other.check();
        await other.close();
      }
    },
    async 'names of points that nearly coincide do not overlap'() {
      for (const width of [1280, 800, 360]) {
        const page = await open('close', { width, height: 900 });
        const texts = await placedTexts(page, '#roofline .chart'), names = texts.filter(([text]) => /candidate/.test(text));
        assert.ok(names.length >= (width > 500 ? 6 : 2), width + ': ' + names.length + ' names are shown');
        const crossing = names.flatMap(([a, l, t, r, b], i) => names.slice(i + 1).filter(([, l2, t2, r2, b2]) => l + 1 < r2 && l2 + 1 < r && t + 2 < b2 && t2 + 2 < b).map(([c]) => a + ' / ' + c));
        assert.deepEqual(crossing, [], String(width));
        await page.check();
        await page.close();
      }
    },
    async 'every kernel and every resource is there in full'() {
      const page = await open('kernels');
      const text = await page.textContent('#kernels-table'), runs = expected('kernels').runs;
      for (const kernel of runs.flatMap((run) => run.kernels)) assert.ok(text.includes(kernel.name), kernel.name);
      const hidden = await page.$$eval('#kernels-table .full', (all) => all.filter((element) => {
        const style = getComputedStyle(element);
        return style.textOverflow === 'ellipsis' || (element.scrollHeight > element.clientHeight + 1 && !/auto|scroll/.test(style.overflowY)) || element.scrollWidth > element.clientWidth + 1;
      }).map((element) => element.textContent));
      assert.deepEqual(hidden, []);
      assert.match(await page.textContent('#kernels-table tr[data-row="kernel.0.occupancy"]'), /limited by registers\+shared/, 'what limits is written, not a tip');
      await page.check();
    },
    async 'paper has every problem, whole charts and no column beyond its edge'() {
      for (const name of ['usual', 'compared', 'caches', 'close']) {
        const page = await open(name, { width: 703, height: 900 });
        await page.emulateMedia({ media: 'print' });
        const groups = new Set(name === 'compared' ? ['mission', 'large'] : expected(name).runs.map((run) => run.problem_text + run.cache)).size;
        await page.waitForFunction((n) => document.querySelectorAll('.paper-problem').length === n, groups);
        const charts = await page.$$eval('.chart', (all) => all.map((chart) => { const box = chart.getBoundingClientRect(); return [chart.querySelectorAll('svg').length, box.left, box.right, chart.getAttribute('aria-label').slice(0, 40)]; }));
        assert.ok(charts.length >= 4 * (name === 'compared' ? 2 : 1));
        for (const [drawn, left, right, label] of charts) assert.ok(drawn === 1 && left >= 0 && right <= 704, name + ' ' + label + ' ' + drawn + ' ' + left + ' ' + right);
        const wide = await page.$$eval('table', (all) => all.filter((table) => table.getBoundingClientRect().right > 704).map((table) => table.id + ' ' + table.getBoundingClientRect().right));
        assert.deepEqual(wide, [], name);
        if (name === 'compared') assert.equal((await page.$$('.pair')).length, 5, 'the pairs that changed');
        await page.emulateMedia({ media: 'screen' });
        await page.waitForFunction(() => document.querySelectorAll('.paper-problem').length === 0);
        assert.ok((await colours(page, '#roofline')).every((n) => n > 8), 'the screen comes back');
        const pdf = (await page.pdf({ format: 'A4' })).toString('latin1');
        assert.ok((pdf.match(/\/Type\s*\/Page\b/g) || []).length >= 2 * groups, name);
        await page.check();
        await page.close();
      }
    },
    async 'five hundred runs are one file of a sane size, and their samples say that they were thinned'() {
      const bytes = statSync(path.join(made, 'many.html')).size;
      assert.ok(bytes < kMostBytes, 'many.html has ' + bytes + ' bytes');
      const page = await open('many');
      const runs = expected('many').runs;
      assert.equal(runs.length, 500);
      const shown = runs.filter((run) => run.shape === 'mission').length;
      assert.equal((await page.$$('#phase-table tbody tr')).length, shown);
      assert.match(await page.textContent('[data-note="thinned"]'), /drawn are 60 of the 100 that each of 40 runs has.*percentiles are those of all samples/);
      const first = runs.find((run) => run.shape === 'mission');
      assert.ok(Math.abs(parseFloat((await cells(page, '#phase-table tbody tr'))[0][1]) - first.timing.graph_us.p50) < 0.006 * first.timing.graph_us.p50);
      assert.equal(await page.locator('#phases > .note').last().textContent(), 'Drawn are the 40 fastest of 252 runs; the table has all.');
      await page.emulateMedia({ media: 'print' });
      await page.waitForFunction(() => document.querySelectorAll('.paper-problem').length === 2);
      assert.match(await page.textContent('#left-out'), /only the table of phases is printed: large/);
      await page.check();
    },
    async 'hostile names change nothing of the regression view'() {
      for (const width of [1280, 360]) {
        const page = await open('compared_hostile', { width, height: 844 });
        assert.ok(await visible(page, '<script>alert(1)</script>'));
        assert.equal((await page.$$('#content script, #content img')).length, 0);
        assert.ok(await sideways(page) <= 0, width + ' is too wide');
        assert.ok(!/[\u202a-\u202e\u2066-\u2069]/.test(await page.textContent('#content')), 'nothing turns the direction of writing');
        assert.equal((await page.textContent('.pair [data-sentence]')).length, readHostile(made));
        await page.emulateMedia({ media: 'print' });
        await page.waitForFunction(() => document.querySelectorAll('.paper-problem').length === 2);
        await page.check();
        await page.close();
      }
    },
    async 'the regression view fits every width, light and dark'() {
      for (const width of [360, 800, 1280]) for (const scheme of ['light', 'dark']) {
        const page = await open('compared', { width, height: 844 }, scheme);
        assert.ok(await sideways(page) <= 0, width + ' ' + scheme);
        assert.ok((await colours(page, '.pair')).every((n) => n > 8));
        // A word on its ground can be read: WCAG's contrast of 4.5.
        const poor = await page.$$eval('.cell .word', (all) => all.map((word) => {
          const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
          const light = (css) => {
            canvas.fillStyle = css;
            canvas.fillRect(0, 0, 1, 1);
            const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3).map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : Math.pow((c / 255 + 0.055) / 1.055, 2.4)));
            return 0.2126 * r + 0.7152 * g + 0.0722 * b;
          };
          const ground = getComputedStyle(word.parentElement).backgroundColor;
          if (ground === 'rgba(0, 0, 0, 0)') return null;
          const [a, b] = [light(getComputedStyle(word).color), light(ground)].sort((x, y) => y - x);
          return (a + 0.05) / (b + 0.05) < 4.5 ? word.textContent : null;
        }).filter(Boolean));
        assert.deepEqual(poor, [], width + ' ' + scheme);
        await page.check();
        await page.close();
      }
    },
  };
}

const readHostile = (made) => JSON.parse(readFileSync(path.join(made, 'compared_hostile.json'), 'utf8'))[0].sentence.length;
