// The form's QR code, as large as the screen: for the last row of a hall. Key q, the button, or a touch of the code itself.

export function offerCode(code, button) {
  if (!code.querySelector("img")) return; // phones cannot reach this laptop
  button.hidden = false;
  const show = (isFull) => {
    code.classList.toggle("full", isFull);
    button.setAttribute("aria-pressed", String(isFull));
  };
  const toggle = () => show(!code.classList.contains("full"));
  button.addEventListener("click", toggle);
  code.addEventListener("click", toggle);
  addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.key === "q") toggle();
    if (event.key === "Escape") show(false);
  });
}
