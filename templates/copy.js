for (const source of document.querySelectorAll('[data-copy]')) {
  const button = document.createElement('button');
  button.type = 'button';
  button.textContent = 'Copy';
  button.setAttribute('aria-label', `Copy ${source.dataset.copy}`);
  const status = document.createElement('span');
  status.setAttribute('role', 'status');
  status.className = 'copied';
  let clearing;
  button.addEventListener('click', async () => {
    // Screen readers announce a status only when it changes, so it is emptied after a while.
    clearTimeout(clearing);
    clearing = setTimeout(() => { status.textContent = ''; }, 4000);
    try {
      await navigator.clipboard.writeText(source.textContent);
      status.textContent = 'Copied';
    } catch {
      getSelection().selectAllChildren(source);
      status.textContent = 'Selected: copy it with the keyboard';
    }
  });
  source.after(button, status);
}
