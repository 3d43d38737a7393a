/*
 * Takes the place of the file of this name in `swagger-ui-dist`: shows the info API of this very house,
 * which the same site answers (`/openapi.json`, `/v1/*`), and asks nobody else for anything.
 */
window.onload = () => {
  window.ui = SwaggerUIBundle({
    url: '/openapi.json',
    dom_id: '#swagger-ui',
    deepLinking: true,
    validatorUrl: null, // else every document's address is told to a server of Swagger's
    presets: [SwaggerUIBundle.presets.apis, SwaggerUIStandalonePreset],
    layout: 'StandaloneLayout',
  })
}
