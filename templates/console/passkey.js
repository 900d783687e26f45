// Passkeys in the pages' forms (WebAuthn). A form without scripts works with codes alone.
//
// An element [data-passkey=get|create] holds a hidden button and a status line; data-options is what the server asks (JSON),
// data-options-from an address that gives it. The answer goes into the form's field "credential", and the form is sent.

const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (one) => one.charCodeAt(0));
const text = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");

function decoded(options) {
  const known = (list) => (list ?? []).map((one) => ({ ...one, id: bytes(one.id) }));
  const result = { ...options, challenge: bytes(options.challenge) };
  if (options.user) result.user = { ...options.user, id: bytes(options.user.id) };
  if (options.allowCredentials) result.allowCredentials = known(options.allowCredentials);
  if (options.excludeCredentials) result.excludeCredentials = known(options.excludeCredentials);
  return result;
}

function encoded(credential) {
  const { response } = credential;
  const parts = { clientDataJSON: text(response.clientDataJSON) };
  for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
    if (response[name]) parts[name] = text(response[name]);
  }
  return JSON.stringify({
    id: credential.id, rawId: text(credential.rawId), type: credential.type, response: parts,
    clientExtensionResults: {},
  });
}

async function asked(place, form) {
  if (place.dataset.options) return JSON.parse(place.dataset.options);
  const body = new URLSearchParams({ csrf: form.elements.csrf.value });
  const answer = await fetch(place.dataset.optionsFrom, { method: "POST", body });
  if (!answer.ok) throw new Error(String(answer.status));
  const { ticket, options } = await answer.json();
  form.elements.ticket.value = ticket;
  return options;
}

// Whether somebody is being asked: a second question would answer with its ticket what was signed for the first.
let asking = false;

async function use(place, form, say) {
  // Another form of the page may have fields of its own; only those of this one are looked at.
  if (asking || !form.reportValidity()) return;
  asking = true;
  say(place.dataset.waiting);
  try {
    const publicKey = decoded(await asked(place, form));
    const answer = await navigator.credentials[place.dataset.passkey]({ publicKey });
    form.elements.credential.value = encoded(answer);
    form.requestSubmit();
  } catch (error) {
    say(error.name === "InvalidStateError" ? place.dataset.held ?? place.dataset.failed : place.dataset.failed);
  } finally {
    asking = false;
  }
}

for (const place of document.querySelectorAll("[data-passkey]")) {
  const form = place.closest("form");
  const button = place.querySelector("button");
  const status = place.querySelector("[role=status]");
  const say = (sentence) => { status.textContent = sentence; };
  if (window.PublicKeyCredential) {
    button.hidden = false;
    button.addEventListener("click", () => use(place, form, say));
    if (place.closest("fieldset.confirm")) {
      // Who presses the act's own button without a code has only the passkey left to confirm with: ask for it.
      form.addEventListener("submit", (event) => {
        if (form.elements.credential.value || form.elements.code?.value) return;
        event.preventDefault();
        use(place, form, say);
      });
    }
  } else {
    say(place.dataset.absent);
  }
}
