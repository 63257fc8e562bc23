#include "statistics.hpp"

#include <algorithm>
#include <cmath>
#include <new>
#include <optional>
#include <string>
#include <utility>

#include "percentile_values.hpp"
#include "tokens.hpp"

namespace ringside::sql {

namespace {

/// Running variance (Welford). The extended precision also avoids overflow of squares.
class Variance {
public:
    /// Returns false if the guard ends the statement.
    [[nodiscard]] bool add(double value) {
        if (!values_.add(value)) return false;
        include(value);
        return true;
    }
    /// Removes the oldest value.
    void remove_oldest() noexcept {
        const double value = values_.oldest();
        values_.remove_oldest();
        if (values_.count() == 0) return reset();
        exclude(value);
        // The digits that the sum has lost to a large distance are missing: start again from what
        // is left.
        if (squares_ * 0x1p20L < largest_) {
            reset();
            values_.for_each([this](double left) { include(left); });
        }
    }
    /// Returns nothing if there are too few values.
    [[nodiscard]] std::optional<long double> of(bool is_sample) const noexcept {
        const std::uint64_t divisor = is_sample ? std::max<std::uint64_t>(count_, 1) - 1 : count_;
        if (divisor == 0) return std::nullopt;
        return squares_ / static_cast<long double>(divisor);
    }

    explicit Variance(Guard& guard) noexcept : values_(guard) {}

private:
    void reset() noexcept {
        count_ = 0;
        mean_ = squares_ = largest_ = 0;
    }
    void include(double value) noexcept {
        ++count_;
        const long double distance = value - mean_;
        mean_ += distance / static_cast<long double>(count_);
        squares_ += distance * (value - mean_);
        largest_ = std::max(largest_, squares_);
    }
    void exclude(double value) noexcept {
        --count_;
        const long double distance = value - mean_;
        mean_ -= distance / static_cast<long double>(count_);
        squares_ = std::max(squares_ - distance * (value - mean_), 0.0L);
    }

    PercentileValues values_;  ///< those that count, in the order of arrival
    std::uint64_t count_ = 0;
    long double mean_ = 0;
    long double squares_ = 0;  ///< sum of the squared distances from the mean
    long double largest_ = 0;  ///< that `squares_` was since it was computed from all values
};

enum class Kind : std::uint8_t { percentile, variance, deviation };

struct Statistic {
    const char* name;
    Kind kind;
    int arguments = 1;
    bool is_sample = false;
    bool is_discrete = false;
    double fraction_max = 1;  ///< upper bound of the second argument
};
constexpr Statistic all_statistics[]{
    {"median", Kind::percentile},
    {"percentile", Kind::percentile, 2, false, false, 100},
    {"percentile_cont", Kind::percentile, 2},
    {"percentile_disc", Kind::percentile, 2, false, true},
    {"var_pop", Kind::variance},
    {"var_samp", Kind::variance, 1, true},
    {"variance", Kind::variance, 1, true},
    {"stddev_pop", Kind::deviation},
    {"stddev_samp", Kind::deviation, 1, true},
    {"stddev", Kind::deviation, 1, true},
};

/// The user data of a function.
struct StatisticFunction {
    const Statistic& statistic;
    Guard& guard;
};

StatisticFunction& function_of(sqlite3_context* context) {
    return *static_cast<StatisticFunction*>(sqlite3_user_data(context));
}
const Statistic& statistic_of(sqlite3_context* context) { return function_of(context).statistic; }

void fail_statistic(sqlite3_context* context, const std::string& what) {
    const std::string message = std::string(statistic_of(context).name) + "(): " + what;
    sqlite3_result_error(context, message.c_str(), static_cast<int>(message.size()));
}

/// Returns nothing for NULL, and for an invalid value, whose error is set.
std::optional<double> number_of(sqlite3_context* context, sqlite3_value* value) {
    const int type = sqlite3_value_type(value);
    if (type == SQLITE_NULL) return std::nullopt;
    if (type != SQLITE_INTEGER && type != SQLITE_FLOAT) {
        fail_statistic(context, "a value is not a number");
        return std::nullopt;
    }
    const double number = sqlite3_value_double(value);
    if (std::isfinite(number)) return number;
    fail_statistic(context, "a value is infinite");
    return std::nullopt;
}

struct VarianceSteps {
    using State = Variance;

    static void add(sqlite3_context* context, State& state, sqlite3_value** values) {
        const auto number = number_of(context, values[0]);
        if (number && !state.add(*number)) fail_statistic(context, "interrupted");
    }
    static void remove(sqlite3_context* context, State& state, sqlite3_value** values) {
        if (number_of(context, values[0])) state.remove_oldest();
    }
    static void give_value(sqlite3_context* context, State& state, bool) {
        const Statistic& statistic = statistic_of(context);
        const auto variance = state.of(statistic.is_sample);
        if (!variance) return;
        const bool is_deviation = statistic.kind == Kind::deviation;
        sqlite3_result_double(context,
                              static_cast<double>(is_deviation ? std::sqrt(*variance) : *variance));
    }
};

struct PercentileState {
    PercentileValues values;
    std::optional<double> fraction{};  ///< from 0 to 1
};

struct PercentileSteps {
    using State = PercentileState;

    static void add(sqlite3_context* context, State& state, sqlite3_value** values) {
        if (!take_fraction(context, state, values)) return;
        const auto number = number_of(context, values[0]);
        if (number && !state.values.add(*number)) fail_statistic(context, "interrupted");
    }
    static void remove(sqlite3_context* context, State& state, sqlite3_value** values) {
        if (number_of(context, values[0])) state.values.remove_oldest();
    }
    static void give_value(sqlite3_context* context, State& state, bool is_last) {
        if (state.values.count() == 0) return;
        const bool is_discrete = statistic_of(context).is_discrete;
        const auto found = is_last ? std::move(state.values).at(*state.fraction, is_discrete)
                                   : std::as_const(state.values).at(*state.fraction, is_discrete);
        if (!found) return fail_statistic(context, "interrupted");
        sqlite3_result_double(context, *found);
    }

private:
    static bool take_fraction(sqlite3_context* context, State& state, sqlite3_value** values) {
        const Statistic& statistic = statistic_of(context);
        if (statistic.arguments == 1) {
            state.fraction = 0.5;
            return true;
        }
        const int type = sqlite3_value_numeric_type(values[1]);
        const bool is_number = type == SQLITE_INTEGER || type == SQLITE_FLOAT;
        const double fraction =
            is_number ? sqlite3_value_double(values[1]) / statistic.fraction_max : -1;
        if (!(fraction >= 0 && fraction <= 1)) {
            fail_statistic(context, "the second argument must be a number from 0 to " +
                                        std::to_string(static_cast<int>(statistic.fraction_max)));
            return false;
        }
        if (state.fraction && *state.fraction != fraction) {
            fail_statistic(context, "the second argument must be the same for all rows");
            return false;
        }
        state.fraction = fraction;
        return true;
    }
};

Variance make_state(Guard& guard, VarianceSteps) { return Variance(guard); }
PercentileState make_state(Guard& guard, PercentileSteps) { return {PercentileValues(guard)}; }

/// SQLite keeps a pointer to the state, and calls the last step even if the statement has failed.
template <class Steps>
struct Calls {
    using State = typename Steps::State;

    /// `bytes` is 0 if no state must be created.
    static State** place_of(sqlite3_context* context, int bytes) {
        return static_cast<State**>(sqlite3_aggregate_context(context, bytes));
    }
    static void step(sqlite3_context* context, int, sqlite3_value** values) {
        try {
            State** place = place_of(context, sizeof(State*));
            if (place == nullptr) throw std::bad_alloc();
            if (*place == nullptr)
                *place = new State(make_state(function_of(context).guard, Steps()));
            Steps::add(context, **place, values);
        } catch (const std::bad_alloc&) {
            sqlite3_result_error_nomem(context);
        }
    }
    static void inverse(sqlite3_context* context, int, sqlite3_value** values) {
        State** place = place_of(context, 0);
        if (place != nullptr && *place != nullptr) Steps::remove(context, **place, values);
    }
    static void value(sqlite3_context* context) { give(context, false); }
    static void final(sqlite3_context* context) {
        give(context, true);
        State** place = place_of(context, 0);
        if (place != nullptr) delete std::exchange(*place, nullptr);
    }
    static void give(sqlite3_context* context, bool is_last) {
        State** place = place_of(context, 0);
        if (place == nullptr || *place == nullptr) return;
        try {
            Steps::give_value(context, **place, is_last);
        } catch (const std::bad_alloc&) {
            sqlite3_result_error_nomem(context);
        }
    }
};

template <class Steps>
void add_statistic(sqlite3* connection, Guard& guard, const Statistic& statistic) {
    using C = Calls<Steps>;
    sqlite3_create_window_function(
        connection, statistic.name, statistic.arguments,
        SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS,
        new StatisticFunction{statistic, guard}, C::step, C::final, C::value, C::inverse,
        [](void* function) { delete static_cast<StatisticFunction*>(function); });
}

}  // namespace

void add_statistics(sqlite3* connection, Guard& guard) {
    for (const Statistic& one : all_statistics) {
        if (one.kind == Kind::percentile) add_statistic<PercentileSteps>(connection, guard, one);
        else add_statistic<VarianceSteps>(connection, guard, one);
    }
}

bool is_statistic(std::string_view function) noexcept {
    return std::ranges::any_of(
        all_statistics, [&](const Statistic& one) { return is_same_word(one.name, function); });
}

}  // namespace ringside::sql
