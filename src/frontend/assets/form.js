// A key per page load: a double tap or a retry on bad Wi-Fi is one wish. A form that came back with an error keeps the
// key it was sent with. crypto.randomUUID exists on https pages only, so
// the key is made from random bytes (RFC 9562, version 4).
"use strict";
const bytes = crypto.getRandomValues(new Uint8Array(16));
bytes[6] = (bytes[6] & 0x0f) | 0x40;
bytes[8] = (bytes[8] & 0x3f) | 0x80;
const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const field = document.querySelector("input[name=idempotency_key]");
field.value ||= hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
