-- title: The on-sale
-- table: seats=event/*/*/seat/*(event:1, section, number INTEGER, status, price INTEGER)
-- table: sales=event/*/sales(event:1, sold INTEGER, held INTEGER, available INTEGER, revenue INTEGER)
-- text: Every table is of the same instant, while hosts sell, hold and release seats.

-- name: Sales per section
-- chart: bar x=section y=sold,held,available
SELECT section,
       count(*) FILTER (WHERE status = 'sold') AS sold,
       count(*) FILTER (WHERE status = 'held') AS held,
       count(*) FILTER (WHERE status = 'available') AS available
FROM seats
GROUP BY section
ORDER BY section;

-- name: Revenue
-- text: Prices are in cents.
-- chart: bar x=event y=revenue
SELECT event, sold, revenue FROM sales ORDER BY CAST(event AS INTEGER);

-- name: Sell-through
-- text: The share of each event's seats that is sold.
-- chart: bar x=event y=percent
SELECT event,
       sold,
       sold + held + available AS seats,
       round(100.0 * sold / (sold + held + available), 1) AS percent
FROM sales
ORDER BY CAST(event AS INTEGER);

-- name: Sales per minute
-- text: By when the seats that are sold now were sold.
-- chart: line x=minute y=sold
SELECT strftime('%Y-%m-%d %H:%M', updated / 1000, 'unixepoch') AS minute,
       count(*) AS sold,
       sum(price) AS revenue
FROM seats
WHERE status = 'sold'
GROUP BY updated / 60000
ORDER BY updated / 60000;

-- name: Events whose seats and counters disagree
-- text: There is none, at any instant: a seat and its event's counters change in one commit.
SELECT sales.event, sales.sold, counted.sold AS sold_seats
FROM sales
LEFT JOIN (SELECT event,
                  count(*) FILTER (WHERE status = 'sold') AS sold,
                  count(*) FILTER (WHERE status = 'held') AS held,
                  count(*) FILTER (WHERE status = 'available') AS available,
                  coalesce(sum(price) FILTER (WHERE status = 'sold'), 0) AS revenue
           FROM seats
           GROUP BY event) AS counted ON counted.event = sales.event
WHERE (sales.sold, sales.held, sales.available, sales.revenue)
      IS NOT (counted.sold, counted.held, counted.available, counted.revenue);
