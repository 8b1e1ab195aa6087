// The detector works without this. With it, a click on an answer brings the next question into view, and the answers of
// the question in focus can be given with Y and N.

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
