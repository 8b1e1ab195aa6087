// The detector works without this. With it: a click on an answer brings the next question into view, the answers of a
// focused question can be given with Y and N, and the result can be copied and printed with one button.

const still = matchMedia("(prefers-reduced-motion: reduce)");

function showNext(question) {
  const next = question.nextElementSibling ?? document.querySelector(".questions-end");
  next?.scrollIntoView({ block: "center", behavior: still.matches ? "auto" : "smooth" });
}

for (const question of document.querySelectorAll(".question")) {
  question.addEventListener("click", (event) => {
    // What the keyboard chooses counts no clicks; then the page stays where it is.
    if (event.detail > 0 && event.target.closest(".answer")) showNext(question);
  });
  question.addEventListener("keydown", (event) => {
    const value = { y: "yes", n: "no" }[event.key.toLowerCase()];
    if (!value || event.ctrlKey || event.metaKey || event.altKey) return;
    const answer = question.querySelector(`input[value="${value}"]`);
    answer.checked = true;
    answer.focus();
  });
}

document.getElementById("faults")?.focus();

const link = document.querySelector("[data-link]");
link?.addEventListener("focus", () => link.select());

for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}

for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) continue;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(link.value);
    button.textContent = "Copied";
    document.getElementById("announcement").textContent = "The link is copied.";
  });
}
