/* Starts the deck, and lets its links follow the port that the page itself came by. */
for (const link of document.querySelectorAll('a[href*=".localhost:8080"]')) {
  if (!location.hostname.endsWith('.localhost')) break
  link.protocol = location.protocol
  link.port = location.port
}

// On a phone it stays a deck: reveal.js would make one long page of it.
Reveal.initialize({ hash: true, transition: 'none', scrollActivationWidth: 0 })
