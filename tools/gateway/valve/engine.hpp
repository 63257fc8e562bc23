#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "tools/gateway/valve/expression.hpp"
#include "tools/gateway/valve/facts.hpp"

struct duk_hthread;

namespace ringside::gateway::valve {

/// An expression in the engine's form. It must outlive the engines that have used it.
struct Script {
    std::size_t id = 0;  ///< unique for each script of an engine
    std::string source;  ///< as from `js_source`
    const Expression* expression = nullptr;
};

/// The result of an evaluation.
struct Verdict {
    bool is_true = false;
    bool has_failed = false;  ///< an exception, or out of memory
    std::string why{};        ///< reason of the failure
};

/// A sandbox: a JavaScript heap (Duktape) in which expressions are evaluated, one at a time.
///
/// Only the compiled functions persist between evaluations, because an expression cannot change
/// anything: it has no assignments and calls nothing that would (see `parse_expression`). For the
/// same reason it terminates: its cost is bounded by the number of its nodes times the size of the
/// documents. The memory of the engine is bounded as well (`valve_limits::evaluation_bytes_max`).
///
/// Thread safety: one thread at a time.
class Engine {
public:
    Engine();
    ~Engine();
    Engine(const Engine&) = delete;
    Engine& operator=(const Engine&) = delete;

    /// Returns whether the expression is true for the facts.
    [[nodiscard]] Verdict evaluate(const Script& script, Facts& facts);

    /// Returns whether the engine must not be used again.
    [[nodiscard]] bool is_spoilt() const noexcept { return is_spoilt_; }

private:
    friend class EngineCalls;

    duk_hthread* heap_ = nullptr;
    std::size_t bytes_used_ = 0;
    std::size_t bytes_max_ = 0;  ///< the engine gets no memory above this
    bool has_run_out_ = false;   ///< of memory
    bool is_spoilt_ = false;

    // State of the evaluation. Objects that C++ creates for the engine are stored here, because a
    // JavaScript exception skips the destructors of C++ functions.
    const Script* script_ = nullptr;
    Facts* facts_ = nullptr;
    bool is_true_ = false;
    std::string text_;
    std::string name_;
    std::string why_;
    std::optional<std::string> document_;
    MatchPattern::Matches matches_;
};

/// Idle engines; their number is the highest number of threads that needed one concurrently.
/// Thread safety: any thread.
class Engines {
public:
    /// See `Engine::evaluate`.
    [[nodiscard]] Verdict evaluate(const Script& script, Facts& facts);

private:
    std::mutex mutex_;
    std::vector<std::unique_ptr<Engine>> idle_;
};

}  // namespace ringside::gateway::valve
