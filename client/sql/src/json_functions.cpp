#include "json_functions.hpp"

#include <array>
#include <memory>
#include <new>
#include <string>

#include "built_ins.hpp"
#include "document_handle.hpp"
#include "json_path.hpp"
#include "shm/document/json.hpp"

namespace ringside::sql {

namespace {

constexpr unsigned json_subtype = 'J';  // SQLite's own value: the text is JSON, not a string

enum class JsonFunction { arrow, double_arrow, extract, type };

/// A function of the connection, as SQLite calls it.
struct Function {
    JsonFunction kind;
    const char* name;
    int arguments;  ///< -1 for any number
    std::shared_ptr<BuiltIns> built_ins;

    [[nodiscard]] bool is_operator() const noexcept {
        return kind == JsonFunction::arrow || kind == JsonFunction::double_arrow;
    }
    [[nodiscard]] std::string expression(int count) const {
        if (is_operator()) return std::string("?1 ") + name + " ?2";
        return call_expression(name, count);
    }
};

constexpr std::array<const char*, 4> handle_functions{"->(2)", "->>(2)", "json_extract(-1)",
                                                      "json_type(2)"};

void give_json(sqlite3_context* context, const Value& value, bool is_json) {
    const std::string text = to_json(value);
    sqlite3_result_text64(context, text.data(), text.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    if (is_json) sqlite3_result_subtype(context, json_subtype);
}

/// Returns false if the result must come from SQLite's own function.
bool give_sql(sqlite3_context* context, const Value& value, bool is_json) {
    switch (value.type()) {
        case ValueType::null: sqlite3_result_null(context); return true;
        case ValueType::boolean: sqlite3_result_int(context, *value.as_bool() ? 1 : 0); return true;
        case ValueType::integer: sqlite3_result_int64(context, *value.as_int64()); return true;
        case ValueType::unsigned_integer: return false;
        case ValueType::real: sqlite3_result_double(context, *value.as_double()); return true;
        case ValueType::string: {
            const std::string_view text = *value.as_string();
            if (text.find('\0') != std::string_view::npos) return false;
            // Stored in the segment, where the snapshot keeps it.
            sqlite3_result_text64(context, text.data(), text.size(), SQLITE_STATIC, SQLITE_UTF8);
            return true;
        }
        case ValueType::array:
        case ValueType::object: give_json(context, value, is_json); return true;
    }
    return false;
}

const char* json_type_name(const Value& value) noexcept {
    switch (value.type()) {
        case ValueType::null: return "null";
        case ValueType::boolean: return *value.as_bool() ? "true" : "false";
        case ValueType::integer:
        case ValueType::unsigned_integer: return "integer";
        case ValueType::real: return "real";
        case ValueType::string: return "text";
        case ValueType::array: return "array";
        case ValueType::object: return "object";
    }
    return "null";
}

/// Returns false if the result must come from SQLite's own function.
bool give(sqlite3_context* context, JsonFunction kind, const Value& value) {
    if (!value.exists()) {
        sqlite3_result_null(context);
        return true;
    }
    switch (kind) {
        case JsonFunction::arrow: give_json(context, value, true); return true;
        case JsonFunction::double_arrow: return give_sql(context, value, false);
        case JsonFunction::extract: return give_sql(context, value, true);
        case JsonFunction::type:
            sqlite3_result_text(context, json_type_name(value), -1, SQLITE_STATIC);
            return true;
    }
    return false;
}

/// The path of a call; parsed once if it is the same in every row.
class CallPath {
public:
    CallPath(sqlite3_context* context, const Function& function, sqlite3_value* value)
        : context_(context), path_(static_cast<JsonPath*>(sqlite3_get_auxdata(context, 1))) {
        if (path_ != nullptr) return;
        const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(value));
        if (text == nullptr) return;
        const std::string_view view(text, static_cast<std::size_t>(sqlite3_value_bytes(value)));
        if (auto parsed = JsonPath::parse(view, function.is_operator())) {
            parsed_ = std::make_unique<JsonPath>(*std::move(parsed));
            path_ = parsed_.get();
        }
    }
    ~CallPath() {
        if (parsed_ == nullptr) return;
        sqlite3_set_auxdata(context_, 1, parsed_.release(),
                            [](void* path) { delete static_cast<JsonPath*>(path); });
    }
    CallPath(const CallPath&) = delete;
    CallPath& operator=(const CallPath&) = delete;

    [[nodiscard]] const JsonPath* get() const noexcept { return path_; }

private:
    sqlite3_context* context_;
    std::unique_ptr<JsonPath> parsed_;
    const JsonPath* path_;
};

void answer(sqlite3_context* context, int count, sqlite3_value** values) {
    const auto& function = *static_cast<const Function*>(sqlite3_user_data(context));
    const RecordView* record = count == 0 ? nullptr : handle_of(values[0]);
    if (record != nullptr && count == 2) {
        if (sqlite3_value_type(values[1]) == SQLITE_NULL) return sqlite3_result_null(context);
        const CallPath path(context, function, values[1]);
        if (path.get() != nullptr &&
            give(context, function.kind, path.get()->find(record->document()))) {
            return;
        }
    }
    std::string document;
    if (record != nullptr) document = to_json(record->document());
    function.built_ins->call(context, function.expression(count), count, values,
                             record == nullptr ? nullptr : &document);
}

/// SQLite is written in C, so no exception may pass through it.
void answer_safely(sqlite3_context* context, int count, sqlite3_value** values) {
    try {
        answer(context, count, values);
    } catch (const std::bad_alloc&) {
        sqlite3_result_error_nomem(context);
    }
}

}  // namespace

void add_json_functions(sqlite3* connection) {
    int flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_INNOCUOUS | SQLITE_SUBTYPE;
#ifdef SQLITE_RESULT_SUBTYPE
    flags |= SQLITE_RESULT_SUBTYPE;
#endif
    const auto built_ins = std::make_shared<BuiltIns>();
    for (const auto& [kind, name, arguments] :
         {std::tuple{JsonFunction::arrow, "->", 2},
          std::tuple{JsonFunction::double_arrow, "->>", 2},
          std::tuple{JsonFunction::extract, "json_extract", -1},
          std::tuple{JsonFunction::type, "json_type", 2}}) {
        sqlite3_create_function_v2(connection, name, arguments, flags,
                                   new Function{kind, name, arguments, built_ins}, answer_safely,
                                   nullptr, nullptr,
                                   [](void* function) { delete static_cast<Function*>(function); });
    }
}

bool takes_handles(std::string_view function) noexcept {
    for (const char* known : handle_functions) {
        if (function == known) return true;
    }
    return false;
}

}  // namespace ringside::sql
