#pragma once

#include <random>
#include <string>

#include "ringside/client.hpp"
#include "tests/support/child.hpp"
#include "tests/support/judge.hpp"

namespace ringside::testing {

/// Operations that the judge's writers do not cover: many new records, deletions, expiries, patches
/// of large documents, refused transactions, and index changes.
[[noreturn]] inline void stir(const std::string& grid) {
    std::mt19937_64 random(7);
    for (std::uint64_t number = 0;; ++number) {
        Client client = attach_at_last(grid);
        std::string seats = "{";
        for (int i = 0; i < 300; ++i) seats += "\"s" + std::to_string(i) + "\":\"free\",";
        seats.back() = '}';
        // A refusal or the end of the session is acceptable here.
        if (number % 8 == 7) static_cast<void>(client.remove_index("stir/*", "/0"));
        else static_cast<void>(client.add_index("stir/*", "/0"));
        static_cast<void>(client.put("stir/hall", seats));
        for (int i = 0; i < 300; ++i) {
            const std::string name = "stir/" + std::to_string(random() % 4000);
            static_cast<void>(
                client.put(name, "[" + std::to_string(random() % 50) + ",2,3]",
                           {.ttl = std::chrono::milliseconds(random() % 3 == 0 ? 20 : 0)}));
            if (random() % 3 == 0) static_cast<void>(client.remove(name));
            static_cast<void>(client.patch("stir/hall", "/s" + std::to_string(random() % 300),
                                           std::to_string(random() % 9)));
            if (random() % 16 == 0) {
                static_cast<void>(client.put("stir/large", '"' + std::string(90'000, 'x') + '"'));
            }
            Transaction refused;
            static_cast<void>(refused.put("stir/refused/" + std::to_string(random() % 50), "1"));
            static_cast<void>(refused.put("stir/hall", "1", {.condition = Condition::is_absent()}));
            static_cast<void>(client.commit(refused));
        }
    }
}

/// Sessions that attach, write and are killed.
[[noreturn]] inline void come_and_go(const std::string& grid) {
    for (;;) {
        Child client([&] {
            auto attached = Client::attach({.grid = grid});
            while (attached && attached->put("stir/guest", "1")) usleep(100);
        });
        usleep(3000);
    }
}

/// Reads, scans and watches forever. Every document must be complete.
inline void look_around(const std::string& grid) {
    for (std::uint64_t round = 0;; ++round) {
        Client client = attach_at_last(grid);
        auto watch = client.watch("**");
        for (int i = 0; i < 200 && watch; ++i) {
            const auto snapshot = client.snapshot();
            if (!snapshot) break;
            bool is_whole = true;
            const auto scanned =
                snapshot->scan_prefix("w/", [&](std::span<const RecordView> batch) {
                    for (const RecordView& record : batch) {
                        const Value document = record.document();
                        is_whole &= document["n"].as_uint64() == document["again"].as_uint64();
                    }
                    return true;
                });
            if (scanned && snapshot->check() && !is_whole) std::abort();
            while (const auto event = watch->next(std::chrono::milliseconds(0))) {
            }
            usleep(1000);
        }
    }
}

/// Runs reports forever, and keeps a live one up to date. Both must show a single revision.
[[noreturn]] inline void report(const std::string& grid) {
    const Query query =
        scan("w/*/*").group_by({Field::level(1)}).aggregate({count(), sum("/n"), sum("/again")});
    const Query counted = scan("stir/*").where(field("/0") == 7).aggregate({count()});
    const Query listed = scan("stir/*").where(field("/0") == 7);
    const auto check = [](const Rows& rows) {
        for (const Row row : rows) {
            if (row[2] != row[3]) std::abort();
        }
    };
    for (;;) {
        const Client client = attach_at_last(grid);
        auto live = client.live_query(query);
        for (int i = 0; i < 100 && live; ++i) {
            while (live->poll()) {
            }
            check(live->rows());
            const auto snapshot = client.snapshot();
            if (!snapshot) break;
            if (const auto rows = snapshot->run(query)) check(*rows);
            const auto count = snapshot->run(counted);
            const auto list = snapshot->run(listed);
            if (count && list &&
                (*count)[0][0].as_int64() != static_cast<std::int64_t>(list->size())) {
                std::abort();
            }
            usleep(10'000);
        }
    }
}

/// Answers calls forever, half of them after a delay. Sometimes exits without an answer.
[[noreturn]] inline void provide_doubles(const std::string& grid) {
    std::mt19937 random(11);
    for (;;) {
        Client client = attach_at_last(grid);
        auto provider = client.provide("stir/double");
        for (int i = 0; i < 5000 && provider; ++i) {
            auto call = provider->next(std::chrono::milliseconds(100));
            if (!call) continue;
            if (random() % 2 == 0) usleep(static_cast<useconds_t>(random() % 2000));
            const auto number = call->document().as_uint64().value_or(0);
            if (random() % 100 != 0) {
                static_cast<void>(call->answer(std::to_string(2 * number)));
            }
        }
    }
}

/// Calls forever. Every answer must belong to its call.
[[noreturn]] inline void call_doubles(const std::string& grid) {
    for (std::uint64_t number = 1;; ++number) {
        Client client = attach_at_last(grid);
        for (int i = 0; i < 500; ++i, ++number) {
            const auto answer = client.call("stir/double", std::to_string(number),
                                            {.timeout = std::chrono::milliseconds(500)});
            if (answer && answer->document.root().as_uint64() != 2 * number) std::abort();
            static_cast<void>(client.publish("stir/doubled", std::to_string(number)));
        }
    }
}

}  // namespace ringside::testing
