(many, wait) => new Promise(async (done) => {
  let last = 0;
  new MutationObserver(() => { last = performance.now(); }).observe(document.body, {subtree: true, childList: true, attributes: true, characterData: true});
  const found = [];
  for (let k = 0; k < many; k++) {
    const start = performance.now();
    last = start;
    document.querySelector("[aria-label='One quarter forward']").click();
    await new Promise((go) => setTimeout(go, wait));
    found.push(last - start);
  }
  done(found);
})
