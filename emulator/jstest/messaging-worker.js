// The service worker that the web SDK needs to register for messages. It does nothing.
