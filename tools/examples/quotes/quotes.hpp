#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "ringside/client.hpp"

/// A service that quotes prices, with as many providers as the load requires.
///
///   quote           call     {"event":42,"seats":3} -> {"total":12600,"provider":PID}
///   quotes/demand   record   {"calls":24}: so many calls the caller keeps under way; 0: the end
///   quotes/load     event    {"under_way":24,"mean_ms":31.5}, ten times a second, by the caller
///
/// The caller, each provider, and the crew that starts and withdraws providers are separate
/// processes. They share only these names.
namespace ringside::quotes {

inline constexpr auto call_name = "quote";
inline constexpr auto demand_name = "quotes/demand";
inline constexpr auto load_subject = "quotes/load";

/// The time to determine a price, for example by a question to another system.
inline constexpr auto time_of_a_quote = std::chrono::milliseconds(4);

struct Quote {
    std::int64_t event = 0;
    std::int64_t seats = 0;
    [[nodiscard]] std::string json() const;
    /// In cents. Both sides know the formula, so that the caller can check the answers.
    [[nodiscard]] std::int64_t total() const noexcept { return seats * (3000 + event * 7 % 5000); }
    static Quote of(const Value& document);
};

struct Load {
    std::int64_t under_way = 0;
    double mean_ms = 0;
    [[nodiscard]] std::string json() const;
    static Load of(const Value& document);
};

/// Answers calls until it is asked to end, and then withdraws. Returns the exit status.
int play_provider(const std::string& grid);

/// Calls until there is no more demand. Returns the exit status: 0 if every call was answered
/// correctly.
int play_caller(const std::string& grid);

/// Runs the whole example. Returns the exit status: 0 if it went as expected.
int play_show(const std::string& grid);

}  // namespace ringside::quotes
