/*
 * In the oldest words of the language, before modules can run and the page is drawn: asks for what the code in the address will need
 * (README, decision 31), and for the page of old browsers where the page's own modules do not run.
 */
(function () {
  var OLD = document.currentScript.src.replace(/page\/start\.js$/, 'old/old.js');
  var found, guess, series, asked = {}, paths = ['trust.json', 'log/checkpoint', 'verifier/root.json'];

  /* Without credentials it would open a connection of its own; whoever takes the answer is told what is wrong with it. */
  function ask(path) {
    var stop = new AbortController();
    asked[path] = { stop: stop, answer: window.fetch('/' + path, { redirect: 'error', cache: 'no-cache', signal: stop.signal }) };
    asked[path].answer.catch(function () {});
  }

  window.addEventListener('load', function () {
    var script = document.createElement('script');
    if (window.certregRuns) return;
    script.src = window.trustedTypes ? window.trustedTypes.createPolicy('certreg', { createScriptURL: function () { return OLD; } }).createScriptURL(OLD) : OLD;
    document.body.appendChild(script);
  });
  if (!/^\/v(\/|$)/.test(location.pathname) || location.hash.length < 2 || !window.BigInt || !window.crypto || !crypto.subtle) return;
  /* The number is the first large integer (SPEC 3.2), with every template until now; nothing is judged by it. */
  found = /^#[0-9]{100,1300}$/.test(location.hash) && /^1[89].([01].|18..)1b(.{16})/.exec(BigInt(location.hash.slice(1)).toString(16));
  found = found && /^(.{6})(.{4})(.)(.{7})$/.exec(BigInt('0x' + found[2]));
  if (found) {
    guess = { authority: found[1], year: Number(found[2]), kind: Number(found[3]), serial: Number(found[4]) };
    series = found.slice(1, 4).join('/');
    found = Math.floor(guess.serial / 131072);
    paths.push('log/runs/' + series + '.json', 'status/' + series + '/revocation/' + found, 'status/' + series + '/suspension/' + found);
  }
  paths.forEach(ask);
  window.certregEarly = { asked: asked, guess: guess };
}());
