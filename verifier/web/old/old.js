/*
 * The page of browsers that cannot run the verifier (no modules, no BigInt): the server judges, and the page says so. Only
 * words of ES5. Nothing is judged here, and text is only ever set as text.
 */
(function () {
  var WORDS = document.currentScript.src.replace(/old\/old\.js$/, 'words/');
  var language = /^en/i.test(navigator.language || '') ? 'en' : 'zh-CN';
  var box = document.getElementById('verdict');
  var report = document.getElementById('report');

  function add(parent, name, text, type) {
    var made = document.createElement(name);
    if (type) made.className = type;
    if (text) made.appendChild(document.createTextNode(text));
    parent.appendChild(made);
    return made;
  }

  function ask(method, path, body, done) {
    var request = new XMLHttpRequest();
    request.open(method, path);
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Accept-Language', language);
    if (body) request.setRequestHeader('Content-Type', 'application/json');
    request.onload = function () {
      var answer;
      try { answer = JSON.parse(request.responseText); } catch (_) { answer = undefined; }
      done(answer);
    };
    request.onerror = function () { done(undefined); };
    request.send(body || null);
  }

  function say(text) {
    box.className = '';
    box.textContent = '';
    report.textContent = '';
    add(box, 'p', text);
  }

  function row(list, label, value) {
    var line = add(list, 'div');
    add(line, 'dt', label);
    add(line, 'dd', String(value));
  }

  function decidingOf(found) {
    var i;
    for (i = 0; i < found.steps.length; i += 1) {
      if (found.steps[i].code === found.reason && found.steps[i].outcome === found.verdict) return found.steps[i];
    }
    return { details: {} };
  }

  function show(found, words) {
    var details = decidingOf(found).details;
    var sentence = (found.verdict === 'INDETERMINATE' && words.undecided[found.reason]) || words.codes[found.reason] || found.reason;
    var list;
    var name;
    var subject;
    say('');
    box.textContent = '';
    box.className = found.steps[1].code.indexOf('number_') ? found.verdict : 'INDETERMINATE'; // mistyped
    add(box, 'p', words.ended[found.reason] || words.verdicts[found.verdict], 'word');
    add(box, 'p', sentence, 'reason');
    if (details.reason) add(box, 'p', words.labels.reason + ' ' + (words.reasons[details.reason] || details.reason), 'number');
    if (details.successor) add(box, 'p', words.labels.successor + ' ' + details.successor, 'number');
    add(box, 'p', words.page.byServer, 'notice');
    if (!found.record) {
      add(report, 'p', words.labels.unproven);
      return;
    }
    subject = found.record.credentialSubject;
    add(report, 'h2', words.labels.compare);
    list = add(report, 'dl', '', 'signed');
    row(list, words.labels.number, found.number);
    for (name in words.fields) {
      if (subject[name] !== undefined) row(list, words.fields[name], (words[name] && words[name][subject[name]]) || subject[name]);
    }
    row(list, words.labels.issuer, found.record.issuer.name);
    row(list, words.labels.date, found.record.validFrom.slice(0, 10));
  }

  function check(words) {
    if (location.hash.length < 2) {
      say(words.page.tooOld);
      return;
    }
    say(words.page.checking);
    ask('POST', '/api/verify', JSON.stringify({ items: [{ qrText: 'https://' + location.host + '/v' + location.hash }] }), function (found) {
      if (found && found.verdict) show(found, words);
      else say(found && found.title ? found.title : words.page.tooOld);
    });
  }

  function start(words) {
    document.documentElement.lang = language;
    window.onhashchange = function () { check(words); };
    check(words);
  }

  ask('GET', WORDS + language + '.json', '', function (words) {
    if (!words) return; // what stands there already says what to do
    ask('GET', WORDS + 'rare-' + language + '.json', '', function (rare) {
      var code;
      if (rare) {
        for (code in rare.codes) words.codes[code] = rare.codes[code];
        words.undecided = rare.undecided;
      }
      start(words);
    });
  });
}());
