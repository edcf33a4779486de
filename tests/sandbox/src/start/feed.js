const log = document.getElementById('log');
const events = new EventSource('/events');
events.addEventListener('line', (event) => {
  const line = document.createElement('li');
  line.textContent = JSON.parse(event.data);
  log.prepend(line);
  while (log.children.length > 100) log.lastChild.remove();
});
events.addEventListener('live', (event) => {
  for (const [id, value] of Object.entries(JSON.parse(event.data))) document.getElementById(id).textContent = value;
});
