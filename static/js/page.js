// Small manners of every page: what floats closes by itself, and what htmx swapped in is said aloud.

function floating() {
  return document.querySelectorAll("details[data-floating][open]");
}

document.addEventListener("click", (event) => {
  for (const details of floating()) {
    if (!details.contains(event.target)) details.open = false;
  }
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const details of floating()) {
    details.open = false;
    details.querySelector("summary").focus();
  }
});

// A region that htmx swapped in carries the words to announce; its focus stays where an element of the same id stands.
document.addEventListener("htmx:afterSettle", (event) => {
  const words = event.detail.elt.dataset?.announce;
  if (words) document.getElementById("announcement").textContent = words;
  if (document.activeElement === document.body) event.detail.elt.querySelector("[data-focus]")?.focus();
});

document.addEventListener("htmx:responseError", (event) => {
  const list = document.getElementById("messages");
  const message = document.createElement("p");
  message.className = "message error";
  message.textContent =
    event.detail.xhr.status === 403 || event.detail.xhr.status === 401
      ? "You cannot do this, or you are no longer signed in. Reload the page and try again."
      : "That did not work. Reload the page and try again.";
  list.replaceChildren(message);
});
