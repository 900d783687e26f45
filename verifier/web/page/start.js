/* In the oldest words of the language, because it speaks where the page's own modules cannot: it asks for the page of old browsers. */
(function () {
  var OLD = document.currentScript.src.replace(/page\/start\.js$/, 'old/old.js');
  window.addEventListener('load', function () {
    var script = document.createElement('script');
    if (window.certregRuns) return;
    script.src = window.trustedTypes ? window.trustedTypes.createPolicy('certreg', { createScriptURL: function () { return OLD; } }).createScriptURL(OLD) : OLD;
    document.body.appendChild(script);
  });
}());
