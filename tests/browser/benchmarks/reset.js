(many) => new Promise(async (done) => {
  const page = document.querySelector(".page");
  const found = [];
  for (let k = 0; k < many; k++) {
    const start = performance.now();
    document.querySelector("[data-press=dice]").click();
    await new Promise((go) => {
      const seen = new MutationObserver(() => page.dataset.busy === "false" && (seen.disconnect(), go()));
      seen.observe(page, {attributes: true, attributeFilter: ["data-busy"]});
    });
    found.push(performance.now() - start);
    await new Promise((go) => setTimeout(go, 20));
  }
  done(found);
})
