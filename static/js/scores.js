// The slider of a threshold and its number are one; the number is what is sent.

function wire(root) {
  for (const number of root.querySelectorAll("[data-slides]")) {
    const slider = document.getElementById(number.dataset.slides);
    if (!slider || !slider.hidden) continue;
    slider.hidden = false;
    slider.addEventListener("input", () => (number.value = slider.value));
    number.addEventListener("input", () => (slider.value = number.value.replace(",", ".")));
  }
}

wire(document);
document.addEventListener("htmx:afterSettle", () => wire(document));
