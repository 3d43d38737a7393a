/*
 * All that these pages do with JavaScript; they are whole without it.
 *
 * 1. The demo may run on other ports than 8080: links to its sites follow the one this page came by.
 * 2. `request.html` asks for itself once more and shows what the edge said.
 */
for (const link of document.querySelectorAll('a[href*=".localhost:8080"]')) {
  if (!location.hostname.endsWith('.localhost')) break
  link.protocol = location.protocol
  link.port = location.port
}

const live = document.querySelector('.live')

async function askAgain() {
  // HEAD: the answer's head is all we want. An edge takes no orders about freshness from a viewer.
  const answer = await fetch(location.pathname, { method: 'HEAD', cache: 'no-store' })
  await answer.text() // empty, but a body that nobody reads counts as an aborted request
  if (!answer.headers.has('x-cache')) return
  for (const value of live.querySelectorAll('dd'))
    value.textContent = answer.headers.get(value.dataset.field) ?? '–'
  live.hidden = false
}

if (live !== null) {
  live.querySelector('button').addEventListener('click', askAgain)
  askAgain()
}
