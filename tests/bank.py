"""A stand-in for card providers: a real HTTP server that answers as Stripe and GOV.UK Pay do.

It keeps idempotency keys as they do, refuses a wrong secret, and signs its messages for real.
"""

import hashlib
import hmac
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

SECRET, SIGNING = "sk_test_stand_in", "whsec_stand_in"


class Bank:
    """What the provider knows: sessions and payments by reference, refunds, and calls it had."""

    def __init__(self):
        self.address = ""
        self.forget()

    def forget(self):
        """Everything, for the next test."""
        self.sessions, self.payments, self.refunds, self.keys = {}, {}, [], {}
        self.calls = []
        self.is_down = False

    # Stripe ---------------------------------------------------------------------------------
    def open_session(self, form, key):
        if key in self.keys:
            return self.keys[key]
        name = f"cs_test_{len(self.sessions) + 1}"
        amount = int(form["line_items[0][price_data][unit_amount]"][0])
        session = {
            "id": name,
            "object": "checkout.session",
            "url": f"https://checkout.stripe.com/c/pay/{name}",
            "status": "open",
            "payment_status": "unpaid",
            "amount_total": amount,
            "currency": form["line_items[0][price_data][currency]"][0],
            "client_reference_id": form["client_reference_id"][0],
            "payment_intent": None,
        }
        self.sessions[name] = self.keys[key] = session
        return session

    def pay_session(self, name):
        number = name.rpartition("_")[2]
        self.sessions[name] |= {
            "status": "complete",
            "payment_status": "paid",
            "payment_intent": f"pi_test_{number}",
        }
        return self.sessions[name]

    def give_back(self, form, key):
        if key in self.keys:
            return self.keys[key]
        made = {"id": f"re_test_{len(self.refunds) + 1}", "object": "refund", "status": "succeeded"}
        self.refunds.append((form["payment_intent"][0], int(form["amount"][0])))
        self.keys[key] = made
        return made

    # GOV.UK Pay -----------------------------------------------------------------------------
    def open_payment(self, said, key):
        if key in self.keys:
            return self.keys[key]
        name = f"govpay{len(self.payments) + 1}"
        payment = {
            "payment_id": name,
            "amount": said["amount"],
            "metadata": said["metadata"],
            "state": {"status": "created", "finished": False},
            "refund_summary": {"amount_available": said["amount"]},
            "_links": {"next_url": {"href": f"https://www.payments.service.gov.uk/secure/{name}"}},
        }
        self.payments[name] = self.keys[key] = payment
        return payment

    def refund_payment(self, name, said):
        summary = self.payments[name]["refund_summary"]
        if said["refund_amount_available"] != summary["amount_available"]:
            return None
        summary["amount_available"] -= said["amount"]
        made = {"refund_id": f"gr{len(self.refunds) + 1}", "amount": said["amount"]}
        self.refunds.append((name, said["amount"]))
        self.payments[name].setdefault("refunds", []).append(made)
        return made | {"status": "submitted"}


def stripe_message(session, kind="checkout.session.completed", *, secret=SIGNING, at=None):
    """(body, headers) as Stripe sends an event."""
    body = json.dumps({"id": "evt_1", "type": kind, "data": {"object": session}}).encode()
    at = int(at or time.time())
    signature = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return body, {"Stripe-Signature": f"t={at},v1={signature}"}


def govuk_message(payment, *, secret=SIGNING):
    """(body, headers) as GOV.UK Pay sends one."""
    message = {"resource_type": "payment", "event_type": "card_payment_succeeded"}
    body = json.dumps(message | {"resource": payment}).encode()
    return body, {"Pay-Signature": hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}


def _handler(bank):
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            key = self.headers.get("Idempotency-Key", "")
            parts = self.path.strip("/").split("/")
            if not self._may("POST"):
                return
            if self.path == "/v1/checkout/sessions":
                self._say(200, bank.open_session(parse_qs(body), key))
            elif self.path == "/v1/refunds":
                self._say(200, bank.give_back(parse_qs(body), key))
            elif self.path == "/v1/payments":
                self._say(201, bank.open_payment(json.loads(body), key))
            else:
                made = bank.refund_payment(parts[2], json.loads(body))
                self._say(202 if made else 412, made or {})

        def do_GET(self):
            parts = self.path.strip("/").split("/")
            if not self._may("GET"):
                return
            if parts[1] == "checkout":
                self._say(200, bank.sessions[parts[3]])
            elif parts[-1] == "refunds":
                refunds = bank.payments[parts[2]].get("refunds", [])
                self._say(200, {"_embedded": {"refunds": refunds}})
            else:
                self._say(200, bank.payments[parts[2]])

        def _may(self, method):
            bank.calls.append((method, self.path))
            if bank.is_down:
                self._say(503, {})
                return False
            if SECRET not in (self.headers.get("Authorization") or ""):
                self._say(401, {"error": {"message": "wrong key"}})
                return False
            return True

        def _say(self, status, data):
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args):
            """Quiet."""

    return Handler


@contextmanager
def a_bank():
    bank = Bank()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(bank))
    bank.address = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield bank
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
