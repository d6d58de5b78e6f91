"""Many clients ask the shop at the same URL at once, on few carts, with few keys and versions:
race.py URL [SEED]. Every answer is counted; one of 500 or more, or a broken connection, is a failure."""

import collections
import http.client
import random
import sys
import threading

CLIENTS, REQUESTS = 24, 150
PATHS = ["/Cart/r1", "/Cart/r2/history", "/views/SalesByDay", "/views/Sold", "/views/Sold/A",
         "/health", "/actum/log", "/actum/stream?name=Cart-r1", "/actum/projections"]
BODIES = {"AddItem": '{"sku":"%s","qty":1,"cents":1}', "RemoveItem": '{"sku":"%s"}', "CheckOut": "{}"}

host = sys.argv[1].removeprefix("http://")
seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
seen, bad = collections.Counter(), []


def request(pick):
    if pick.random() < 0.3:
        return "GET", pick.choice(PATHS), None, {}
    headers = {"content-type": "application/json"}
    if pick.random() < 0.4:
        headers["idempotency-key"] = f"k{pick.randrange(40)}"
    if pick.random() < 0.3:
        headers["if-match"] = f'"{pick.randrange(9)}"'
    if pick.random() < 0.1:
        headers["if-none-match"] = "*"
    # A cart that is checked out takes no more: that comes seldom.
    action = pick.choices(list(BODIES), [60, 10, 1])[0]
    body = BODIES[action]
    body = body % pick.choice("ABC") if "%" in body else body
    return "POST", f"/Cart/r{pick.randrange(20)}/{action}", body, headers


def client(number):
    pick = random.Random(seed * 1000 + number)
    connection = http.client.HTTPConnection(host, timeout=30)
    for _ in range(REQUESTS):
        asked = request(pick)
        try:
            connection.request(*asked)
            answer = connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            bad.append((asked, repr(error)))
            return
        seen[answer.status] += 1
        if answer.status >= 500:
            bad.append((asked, answer.status, text))


threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("  race:", ", ".join(f"{count} × {status}" for status, count in sorted(seen.items())))
for one in bad[:20]:
    print(*one)
sys.exit(bool(bad))
