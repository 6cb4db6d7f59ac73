'use strict';
(() => {
  const data = JSON.parse(document.getElementById('data').textContent);
  const $ = id => document.getElementById(id);
  const rowHeight = 20, axisHeight = 26, stride = 9;
  const scroller = $('scroller'), spacer = $('spacer'), canvas = $('canvas'), ctx = canvas.getContext('2d');
  const text = i => data.strings[i];
  const total = Math.max(data.end - data.start, 1);
  let from = 0, to = total;          // the window, in milliseconds since data.start
  let shown = [];                    // rows: a number of data.rows, or -1 - number of a rollout
  let selected = null;               // {row, item, mark}
  let colors = [], printing = false, dirty = false, frames = 0;

  const stamp = ms => {
    const d = new Date(data.start + ms);
    return d.toISOString().replace('T', ' ').replace('Z', '');
  };
  const clock = (ms, step) => {
    const s = new Date(data.start + ms).toISOString();
    return step >= 864e5 ? s.slice(5, 10) : step >= 6e4 ? s.slice(11, 16) : step >= 1000 ? s.slice(11, 19) : s.slice(11, 23);
  };
  const labelWidth = () => Math.min(340, Math.max(130, scroller.clientWidth * 0.28));
  const chartWidth = () => Math.max(scroller.clientWidth - labelWidth() - 8, 50);
  const x = ms => labelWidth() + (ms - from) / (to - from) * chartWidth();

  // ---- rows that match the filter
  const haystack = data.rows.map(r => [r.p, r.c, data.rollouts[r.r].name, text(r.t)].join(' ').toLowerCase());
  function filter() {
    const words = $('search').value.toLowerCase().split(/\s+/).filter(w => w);
    const bundle = $('bundle').value, troubled = $('troubled').checked;
    const pods = new Set();
    data.rows.forEach((r, i) => {
      if ((bundle === '' || data.rollouts[r.r].name === bundle) && (!troubled || r.t) && words.every(w => haystack[i].includes(w))) pods.add(r.n);
    });
    shown = [];
    let rollout = -1;
    data.rows.forEach((r, i) => {
      if (!pods.has(r.n)) return;
      if (r.r !== rollout) { rollout = r.r; shown.push(-1 - rollout); }
      shown.push(i);
    });
    $('count').textContent = `${pods.size} of ${data.pods} pods, ${data.intervals} intervals`;
    spacer.style.height = `${axisHeight + shown.length * rowHeight}px`;
    scroller.scrollTop = 0;
    if (!$('table').hidden) table(0);
    draw();
  }

  // ---- drawing
  function readColors() {
    const style = getComputedStyle(document.documentElement);
    const v = name => style.getPropertyValue(name).trim();
    colors = { back: v('--back'), text: v('--text'), soft: v('--soft'), line: v('--line'), select: v('--select'), band: v('--band'),
      kinds: [''].concat(data.kinds.map((_, i) => v(`--k${i + 1}`))) };
  }
  // Each kind has a shape of its own, so that no color is needed.
  function bar(c, kind, left, right, top) {
    const w = Math.max(right - left, 1), h = rowHeight - 6, y = top + 3;
    c.fillStyle = c.strokeStyle = colors.kinds[kind];
    switch (kind) {
      case 1: c.fillRect(left, y + h - 2, w, 2); break;                       // not scheduled
      case 2: c.lineWidth = 1; c.strokeRect(left + .5, y + 3.5, Math.max(w - 1, .5), h - 7); break; // starting
      case 3: c.fillRect(left, y + h / 4, w, h / 2); break;                   // running, not ready
      case 5: c.fillRect(left, y + h / 2 - 1, w, 2); break;                   // ended
      case 6: hatch(c, left, y, w, h, 6); break;                              // back-off
      case 7: c.fillRect(left, y, w, 2); hatch(c, left, y, w, h, 3); break;   // can't start
      case 8: c.fillRect(left, y + h / 2, w, h / 2); break;                   // failed
      case 9: c.fillRect(left, y, w, 3); break;                               // being deleted
      default: c.fillRect(left, y, w, h);                                     // ready
    }
  }
  function hatch(c, left, y, w, h, gap) {
    if (w < 4) { c.fillRect(left, y, w, h); return; }
    c.save(); c.beginPath(); c.rect(left, y, w, h); c.clip(); c.beginPath(); c.lineWidth = 1.5;
    for (let i = left - h; i < left + w; i += gap) { c.moveTo(i, y + h); c.lineTo(i + h, y); }
    c.stroke(); c.restore();
  }
  function mark(c, kind, at, top) {
    const y = top + rowHeight / 2;
    c.lineWidth = 2; c.strokeStyle = c.fillStyle = kind === 1 ? colors.kinds[8] : colors.kinds[6];
    c.beginPath();
    if (kind === 1) { c.moveTo(at - 4, y - 4); c.lineTo(at + 4, y + 4); c.moveTo(at + 4, y - 4); c.lineTo(at - 4, y + 4); c.stroke(); }
    else if (kind === 2) { c.moveTo(at - 5, y - 5); c.lineTo(at + 5, y - 5); c.lineTo(at, y + 4); c.fill(); }
    else { c.moveTo(at, y - 7); c.lineTo(at, y + 1); c.moveTo(at, y + 4); c.lineTo(at, y + 6); c.stroke(); }
  }
  function draw() {
    if (dirty) return;
    dirty = true;
    requestAnimationFrame(() => { dirty = false; paint(); frames++; });
  }
  function paint() {
    const width = scroller.clientWidth, most = 400;
    const height = printing ? axisHeight + Math.min(shown.length, most) * rowHeight : scroller.clientHeight;
    const ratio = window.devicePixelRatio || 1;
    if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
      canvas.width = Math.round(width * ratio); canvas.height = Math.round(height * ratio);
      canvas.style.width = `${width}px`; canvas.style.height = `${height}px`;
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.fillStyle = colors.back; ctx.fillRect(0, 0, width, height);
    ctx.font = '12px system-ui, sans-serif'; ctx.textBaseline = 'middle';
    const scroll = printing ? 0 : scroller.scrollTop;
    const first = Math.floor(scroll / rowHeight), last = Math.min(shown.length, first + Math.ceil(height / rowHeight) + 1);
    axis(height);
    for (let i = first; i < last; i++) row(shown[i], axisHeight + i * rowHeight - scroll);
    axis(axisHeight);                                                     // above rows that are scrolled below it
  }
  function row(number, top) {
    if (number < 0) {
      const r = data.rollouts[-1 - number];
      ctx.fillStyle = colors.band; ctx.fillRect(0, top, scroller.clientWidth, rowHeight);
      ctx.fillStyle = colors.text; ctx.font = 'bold 12px system-ui, sans-serif';
      ctx.fillText(`${r.name}  ${r.more}`, 6, top + rowHeight / 2); ctx.font = '12px system-ui, sans-serif';
      return;
    }
    const r = data.rows[number], left = labelWidth(), right = left + chartWidth();
    if (selected && selected.row === number) { ctx.fillStyle = colors.band; ctx.fillRect(0, top, scroller.clientWidth, rowHeight); }
    ctx.save(); ctx.beginPath(); ctx.rect(0, top, left - 8, rowHeight); ctx.clip();
    ctx.fillStyle = r.c ? colors.soft : colors.text;
    ctx.fillText(r.c || r.p, r.c ? 26 : 12, top + rowHeight / 2); ctx.restore();
    ctx.save(); ctx.beginPath(); ctx.rect(left, top, right - left, rowHeight); ctx.clip();
    let drawn = -1;                                                       // pixels that are taken
    for (let i = firstVisible(r.i); i < r.i.length && r.i[i] <= to; i += stride) {
      const a = Math.max(x(r.i[i]), left), b = Math.min(x(r.i[i + 1]), right);
      const kind = r.i[i + 2];
      if (b - a < .5 && b < drawn && kind < 6) continue;
      bar(ctx, kind, a, b, top);
      drawn = Math.ceil(b);
      if (selected && selected.row === number && !selected.mark && selected.item === i) outline(a, b, top);
    }
    let before = -9;
    for (let i = 0; i < r.m.length; i += stride) {
      const at = x(r.m[i]);
      if (r.m[i] < from || r.m[i] > to || at - before < 2) continue;
      mark(ctx, r.m[i + 2], at, top); before = at;
      if (selected && selected.row === number && selected.mark && selected.item === i) outline(at - 6, at + 6, top);
    }
    ctx.restore();
  }
  function outline(a, b, top) {
    ctx.lineWidth = 2; ctx.strokeStyle = colors.select; ctx.strokeRect(a - 1, top + 1, Math.max(b - a, 3) + 2, rowHeight - 2);
  }
  function firstVisible(list) {
    let low = 0, high = list.length / stride;
    while (low < high) { const mid = (low + high) >> 1; if (list[mid * stride + 1] < from) low = mid + 1; else high = mid; }
    return low * stride;
  }
  const steps = [1, 5, 20, 100, 500, 1e3, 2e3, 5e3, 1e4, 15e3, 3e4, 6e4, 12e4, 3e5, 6e5, 9e5, 18e5, 36e5, 72e5, 108e5, 216e5, 432e5, 864e5, 1728e5, 6048e5, 24192e5];
  function axis(height) {
    ctx.fillStyle = colors.back; ctx.fillRect(0, 0, scroller.clientWidth, axisHeight);
    const step = steps.find(s => s / (to - from) * chartWidth() >= 90) || (to - from) / 2;
    ctx.fillStyle = colors.soft; ctx.strokeStyle = colors.line; ctx.lineWidth = 1; ctx.beginPath();
    for (let t = Math.ceil((data.start + from) / step) * step - data.start; t <= to; t += step) {
      const at = Math.round(x(t)) + .5;
      ctx.moveTo(at, axisHeight - 8); ctx.lineTo(at, height); ctx.fillText(clock(t, step), at + 4, 12);
    }
    ctx.moveTo(0, axisHeight - .5); ctx.lineTo(scroller.clientWidth, axisHeight - .5); ctx.stroke();
    ctx.fillText('UTC', 12, 12);
  }

  // ---- zoom and movement
  function zoom(factor, center) {
    const span = Math.min(Math.max((to - from) * factor, 2), total), at = center === undefined ? (from + to) / 2 : center;
    move(at - (at - from) / (to - from) * span, span);
  }
  function move(start, span) {
    from = Math.min(Math.max(start, 0), total - span); to = from + span; draw();
  }
  const time = e => from + (e.offsetX - labelWidth()) / chartWidth() * (to - from);
  canvas.addEventListener('wheel', e => {
    if (e.ctrlKey || e.metaKey || e.altKey) { e.preventDefault(); zoom(Math.exp(e.deltaY / 300), time(e)); }
    else if (e.shiftKey || Math.abs(e.deltaX) > Math.abs(e.deltaY)) { e.preventDefault(); move(from + (e.deltaX || e.deltaY) / chartWidth() * (to - from), to - from); }
  }, { passive: false });
  let drag = null;
  canvas.addEventListener('pointerdown', e => { drag = { at: e.offsetX, from, moved: false }; canvas.setPointerCapture(e.pointerId); });
  canvas.addEventListener('pointermove', e => {
    if (!drag || Math.abs(e.offsetX - drag.at) < 4 && !drag.moved) return;
    drag.moved = true; move(drag.from - (e.offsetX - drag.at) / chartWidth() * (to - from), to - from);
  });
  canvas.addEventListener('pointerup', e => { if (drag && !drag.moved) click(e); drag = null; });
  function click(e) {
    const number = shown[Math.floor((e.offsetY - axisHeight + scroller.scrollTop) / rowHeight)];
    if (e.offsetY < axisHeight || number === undefined || number < 0) return;
    const r = data.rows[number], at = time(e), near = 6 / chartWidth() * (to - from);
    for (let i = 0; i < r.m.length; i += stride) if (Math.abs(r.m[i] - at) < near) return select(number, i, true);
    let best = -1;
    for (let i = 0; i < r.i.length; i += stride) if (r.i[i] <= at + near && r.i[i + 1] >= at - near) { best = i; if (r.i[i] <= at && r.i[i + 1] >= at) break; }
    if (best >= 0) select(number, best, false);
  }

  // ---- selection
  function select(number, item, isMark) {
    selected = { row: number, item, mark: isMark };
    const r = data.rows[number], list = isMark ? r.m : r.i, o = data.rollouts[r.r];
    const dl = document.createElement('dl');
    const add = (name, value) => {
      if (value === '' || value === undefined) return;
      const dt = document.createElement('dt'), dd = document.createElement('dd');
      dt.textContent = name; dd.textContent = value; dl.append(dt, dd);
    };
    add('pod', r.p); add('container', r.c); add(isMark ? 'mark' : 'state', (isMark ? data.marks : data.kinds)[list[item + 2] - 1]);
    add('from', `${stamp(list[item])} UTC`);
    if (!isMark) add('until', `${stamp(list[item + 1])} UTC${list[item + 8] & 1 ? ' (the last record)' : ''}`);
    add('reason', text(list[item + 3])); add('info', text(list[item + 4]));
    if (list[item + 8] & 2) add('exit_code', String(list[item + 5]));
    if (r.c) add('restart_count', String(list[item + 6]));
    add('image', text(r.g)); add('node', text(r.o)); add('rollout', `${o.name} ${o.more}`);
    if (list[item + 7]) add('seq', String(list[item + 7]));
    add('last failure of the row', text(r.t));
    $('details').replaceChildren(dl);
    draw();
  }
  function moveRow(by) {
    let at = selected ? shown.indexOf(selected.row) : -1;
    do at += by; while (at >= 0 && at < shown.length && (shown[at] < 0 || !data.rows[shown[at]].i.length));
    if (at < 0 || at >= shown.length) return;
    const r = data.rows[shown[at]];
    select(shown[at], Math.min(firstVisible(r.i), r.i.length - stride), false);
    const top = at * rowHeight;
    if (top < scroller.scrollTop) scroller.scrollTop = top;
    if (top + rowHeight + axisHeight > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + rowHeight + axisHeight - scroller.clientHeight;
  }
  function moveItem(by) {
    if (!selected) return moveRow(1);
    const r = data.rows[selected.row], item = selected.mark ? 0 : selected.item + by * stride;
    if (item < 0 || item >= r.i.length) return;
    select(selected.row, item, false);
    if (r.i[item] > to || r.i[item + 1] < from) move(r.i[item] - (to - from) / 2, to - from);
  }
  scroller.addEventListener('keydown', e => {
    const keys = {
      ArrowDown: () => moveRow(1), ArrowUp: () => moveRow(-1),
      ArrowRight: () => e.shiftKey ? move(from + (to - from) / 4, to - from) : moveItem(1),
      ArrowLeft: () => e.shiftKey ? move(from - (to - from) / 4, to - from) : moveItem(-1),
      '+': () => zoom(.5), '=': () => zoom(.5), '-': () => zoom(2), 0: () => move(0, total),
    };
    if (!keys[e.key] || e.ctrlKey || e.metaKey || e.altKey) return;
    e.preventDefault(); keys[e.key]();
  });
  document.addEventListener('keydown', e => {
    if (e.key === '/' && document.activeElement.tagName !== 'INPUT') { e.preventDefault(); $('search').focus(); }
  });

  // ---- the table, a page at a time
  const pageSize = 200;
  function table(page) {
    const lines = [];
    for (const n of shown) {
      if (n < 0) continue;
      const r = data.rows[n];
      for (let i = 0; i < r.i.length; i += stride) lines.push([n, i]);
    }
    const pages = Math.max(Math.ceil(lines.length / pageSize), 1), t = document.createElement('table');
    t.createCaption().textContent = `Intervals, page ${page + 1} of ${pages}`;
    const head = t.createTHead().insertRow();
    for (const name of ['Rollout', 'Pod', 'Container', 'From (UTC)', 'Until (UTC)', 'State', 'Reason', 'Message']) {
      const th = document.createElement('th'); th.scope = 'col'; th.textContent = name; head.append(th);
    }
    const body = t.createTBody();
    for (const [n, i] of lines.slice(page * pageSize, (page + 1) * pageSize)) {
      const r = data.rows[n], tr = body.insertRow();
      for (const v of [data.rollouts[r.r].name, r.p, r.c || 'the pod', stamp(r.i[i]), stamp(r.i[i + 1]), data.kinds[r.i[i + 2] - 1], text(r.i[i + 3]), text(r.i[i + 4])])
        tr.insertCell().textContent = v;
    }
    const nav = document.createElement('nav'); nav.setAttribute('aria-label', 'Pages of the table');
    const button = (name, to) => {
      const b = document.createElement('button'); b.type = 'button'; b.textContent = name; b.disabled = to < 0 || to >= pages;
      b.addEventListener('click', () => table(to)); nav.append(b, ' ');
    };
    button('Previous page', page - 1); button('Next page', page + 1);
    $('table').replaceChildren(nav, t);
  }

  // ---- start
  $('range').textContent = `${stamp(0)} to ${stamp(total)} UTC`;
  for (const name of [...new Set(data.rollouts.map(r => r.name))].sort()) $('bundle').add(new Option(name, name));
  for (const id of ['search', 'bundle', 'troubled']) $(id).addEventListener('input', filter);
  $('controls').addEventListener('submit', e => e.preventDefault());
  $('in').addEventListener('click', () => zoom(.5)); $('out').addEventListener('click', () => zoom(2));
  $('all').addEventListener('click', () => move(0, total));
  $('astable').addEventListener('click', () => {
    const on = $('table').hidden;
    $('table').hidden = !on; $('chart').hidden = on; $('astable').setAttribute('aria-pressed', String(on));
    if (on) table(0); else draw();
  });
  function legend() {
    $('legend').replaceChildren(...data.kinds.concat(data.marks).map((name, i) => {
      const li = document.createElement('li'), c = document.createElement('canvas');
      c.width = 34; c.height = rowHeight; c.setAttribute('aria-hidden', 'true');
      if (i < data.kinds.length) bar(c.getContext('2d'), i + 1, 1, 33, 0); else mark(c.getContext('2d'), i + 1 - data.kinds.length, 17, 0);
      li.append(c, name); return li;
    }));
  }
  function theme() { readColors(); legend(); draw(); }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', theme);
  addEventListener('beforeprint', () => { printing = true; readColors(); paint(); });
  addEventListener('afterprint', () => { printing = false; theme(); });
  new ResizeObserver(draw).observe(scroller);
  scroller.addEventListener('scroll', draw);
  theme(); filter();
  window.podTimeline = { frames: () => frames, window: () => [from, to], rows: () => shown.length, zoom, move };
})();
