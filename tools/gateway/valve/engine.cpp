#include "tools/gateway/valve/engine.hpp"

#include <duktape.h>

#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>

#include "tools/gateway/valve/cesu8.hpp"
#include "tools/gateway/valve/engine_methods.hpp"
#include "tools/gateway/valve/valve_limits.hpp"

namespace ringside::gateway::valve {

namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

/// Each block of memory begins with its size.
constexpr std::size_t block_header = alignof(std::max_align_t);

std::size_t& size_of(void* block) noexcept { return *static_cast<std::size_t*>(block); }

[[noreturn]] void end_program(void*, const char* message) {
    // Everything runs within duk_safe_call, so only a defect leads here.
    std::fprintf(stderr, "ringside: JavaScript engine failed: %s\n",
                 message == nullptr ? "" : message);
    std::abort();
}

/// Removes everything that a rule could call, except what the engine needs to convert values.
constexpr const char* clean_up = R"((function () {
    var names = Object.getOwnPropertyNames;
    function keep(object, kept) {
        var all = names(object);
        for (var at = 0; at < all.length; ++at) {
            if (kept.indexOf(all[at]) < 0) delete object[all[at]];
        }
    }
    keep(Error.prototype, ['name', 'message', 'toString']);
    keep(Function.prototype, []);
    keep(Number.prototype, ['toString', 'valueOf']);
    keep(Boolean.prototype, ['toString', 'valueOf']);
    keep(String.prototype, ['length', 'toString', 'valueOf', 'startsWith', 'endsWith', 'includes',
                            'indexOf', 'match', 'trim', 'toUpperCase', 'toLowerCase']);
    keep(Array.prototype, ['length', 'toString', 'join', 'includes', 'indexOf']);
    keep(Object.prototype, ['toString', 'valueOf']);
    keep(this, []);
}))";

}  // namespace

/// Functions that the engine calls, and calls to the engine.
class EngineCalls {
public:
    static void* allocate(void* of, std::size_t size) { return reallocate(of, nullptr, size); }

    static void* reallocate(void* of, void* old, std::size_t size) {
        auto& engine = *static_cast<Engine*>(of);
        if (size == 0) {
            release(of, old);
            return nullptr;
        }
        void* const old_block = old == nullptr ? nullptr : static_cast<char*>(old) - block_header;
        const std::size_t old_size = old_block == nullptr ? 0 : size_of(old_block);
        if (size > old_size && size - old_size > engine.bytes_max_ - engine.bytes_used_) {
            engine.has_run_out_ = true;
            return nullptr;
        }
        void* const block = std::realloc(old_block, size + block_header);
        if (block == nullptr) return nullptr;
        size_of(block) = size;
        engine.bytes_used_ += size - old_size;
        return static_cast<char*>(block) + block_header;
    }

    static void release(void* of, void* old) {
        if (old == nullptr) return;
        void* const block = static_cast<char*>(old) - block_header;
        static_cast<Engine*>(of)->bytes_used_ -= size_of(block);
        std::free(block);
    }

    static duk_ret_t set_up(duk_context* heap, void*) {
        put_methods(heap);
        duk_push_heap_stash(heap);
        duk_push_c_function(heap, cross_reference, 1);
        duk_put_prop_string(heap, -2, "_");
        duk_push_c_function(heap, literal_match, 2);
        duk_put_prop_string(heap, -2, "match");
        // `this` in the function is the global object.
        duk_push_string(heap, clean_up);
        duk_eval(heap);
        duk_push_global_object(heap);
        duk_call_method(heap, 0);
        return 0;
    }

    static duk_ret_t run(duk_context* heap, void* of) {
        auto& engine = *static_cast<Engine*>(of);
        const Script& script = *engine.script_;
        Facts& facts = *engine.facts_;
        duk_push_heap_stash(heap);
        push_function(heap, script);
        duk_get_prop_string(heap, -2, "_");
        duk_get_prop_string(heap, -3, "match");
        push_user(heap, engine);
        if (!script.expression->uses_data || !facts.data.json()) duk_push_undefined(heap);
        else push_json(heap, engine, *facts.data.json());
        if (!script.expression->uses_old_data || !facts.old_data.json()) duk_push_null(heap);
        else push_json(heap, engine, *facts.old_data.json());
        duk_push_number(heap, facts.now_ms);
        push_text(heap, engine, facts.action);
        if (facts.name) push_text(heap, engine, *facts.name);
        else duk_push_undefined(heap);
        for (const std::string& variable : facts.path_variables) push_text(heap, engine, variable);
        duk_call(heap, static_cast<duk_idx_t>(8 + facts.path_variables.size()));
        engine.is_true_ = duk_to_boolean(heap, -1) != 0;
        return 0;
    }

private:
    static Engine& engine_of(duk_context* heap) {
        duk_memory_functions functions;
        duk_get_memory_functions(heap, &functions);
        return *static_cast<Engine*>(functions.udata);
    }

    static void push_text(duk_context* heap, Engine& engine, std::string_view text) {
        engine.text_ = to_cesu8(text);
        duk_push_lstring(heap, engine.text_.data(), engine.text_.size());
    }

    static void push_json(duk_context* heap, Engine& engine, std::string_view json) {
        push_text(heap, engine, json);
        duk_json_decode(heap, -1);
    }

    static void push_user(duk_context* heap, Engine& engine) {
        const User& user = engine.facts_->user;
        duk_push_object(heap);
        push_text(heap, engine, user.id);
        duk_put_prop_string(heap, -2, "id");
        duk_push_boolean(heap, user.is_authenticated ? 1 : 0);
        duk_put_prop_string(heap, -2, "isAuthenticated");
        if (user.data.empty()) duk_push_null(heap);
        else push_json(heap, engine, user.data);
        duk_put_prop_string(heap, -2, "data");
    }

    /// Pushes the compiled function from the stash on top, compiling it at the first use.
    static void push_function(duk_context* heap, const Script& script) {
        const auto id = static_cast<duk_uarridx_t>(script.id);
        if (duk_get_prop_index(heap, -1, id) != 0) return;
        duk_pop(heap);
        duk_compile_lstring(heap, DUK_COMPILE_FUNCTION, script.source.data(), script.source.size());
        duk_dup_top(heap);
        duk_put_prop_index(heap, -3, id);
    }

    /// `_(name)`
    static duk_ret_t cross_reference(duk_context* heap) {
        Engine& engine = engine_of(heap);
        if (duk_is_undefined(heap, 0) != 0) return 0;
        if (duk_is_string(heap, 0) == 0) return duk_type_error(heap, "_() needs a record name");
        std::size_t size = 0;
        const char* const text = duk_get_lstring(heap, 0, &size);
        engine.name_ = from_cesu8({text, size});
        // As in deepstream: the name was built from a missing value.
        if (engine.name_.find("undefined") != std::string::npos) return 0;
        engine.document_ = engine.facts_->record(engine.name_);
        if (!engine.document_) duk_push_null(heap);
        else push_json(heap, engine, *engine.document_);
        return 1;
    }

    /// The implementation of `match(/…/)`: matches a text with the pattern of a number.
    static duk_ret_t literal_match(duk_context* heap) {
        Engine& engine = engine_of(heap);
        if (duk_is_string(heap, 0) == 0) return duk_type_error(heap, "match() needs a string");
        const auto number = static_cast<std::size_t>(duk_get_uint(heap, 1));
        duk_dup(heap, 0);
        return push_matches(heap, engine.script_->expression->patterns[number], engine.text_,
                            engine.why_, engine.matches_);
    }
};

Engine::Engine() : bytes_max_(unlimited) {
    heap_ = duk_create_heap(EngineCalls::allocate, EngineCalls::reallocate, EngineCalls::release,
                            this, end_program);
    if (heap_ == nullptr) throw std::bad_alloc();
    if (duk_safe_call(heap_, EngineCalls::set_up, nullptr, 0, 1) != DUK_EXEC_SUCCESS) {
        end_program(nullptr, duk_safe_to_string(heap_, -1));
    }
    duk_set_top(heap_, 0);
}

Engine::~Engine() { duk_destroy_heap(heap_); }

Verdict Engine::evaluate(const Script& script, Facts& facts) {
    script_ = &script;
    facts_ = &facts;
    bytes_max_ = bytes_used_ + valve_limits::evaluation_bytes_max;
    const bool is_done = duk_safe_call(heap_, EngineCalls::run, this, 0, 1) == DUK_EXEC_SUCCESS;
    bytes_max_ = unlimited;
    // The memory was exhausted, even if the script has caught the error.
    const bool has_run_out = std::exchange(has_run_out_, false);
    if (!is_done && has_run_out) {
        is_spoilt_ = true;
        const std::size_t megabytes = valve_limits::evaluation_bytes_max >> 20U;
        return {.has_failed = true,
                .why = "it needs more than " + std::to_string(megabytes) + " MiB"};
    }
    if (!is_done) why_ = duk_safe_to_string(heap_, -1);
    duk_set_top(heap_, 0);
    if (!is_done) return {.has_failed = true, .why = from_cesu8(why_)};
    return {.is_true = is_true_};
}

Verdict Engines::evaluate(const Script& script, Facts& facts) {
    std::unique_ptr<Engine> engine;
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            engine = std::move(idle_.back());
            idle_.pop_back();
        }
    }
    if (engine == nullptr) engine = std::make_unique<Engine>();
    auto result = engine->evaluate(script, facts);
    if (!engine->is_spoilt()) {
        const std::lock_guard lock(mutex_);
        idle_.push_back(std::move(engine));
    }
    return result;
}

}  // namespace ringside::gateway::valve
