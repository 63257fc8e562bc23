#include "tools/gateway/deepstream/http_api/entry.hpp"

#include <fmt/format.h>

#include "shm/document/json.hpp"

namespace ringside::gateway::deepstream {

namespace {

std::string_view name_of(Topic topic) noexcept {
    switch (topic) {
        case Topic::event: return "event";
        case Topic::rpc: return "rpc";
        case Topic::presence: return "presence";
        default: return "record";
    }
}

std::string json_string(std::string_view text) {
    std::string out;
    append_json_string(text, out);
    return out;
}

/// `rest` holds further members, each preceded by a comma.
Entry failure(Topic topic, std::int32_t event, std::string_view error, std::string_view rest = {}) {
    return {fmt::format(R"({{"errorTopic":"{}","errorEvent":{},"success":false,"error":{}{}}})",
                        name_of(topic), event, json_string(error), rest),
            false};
}

Entry refused_version(RecordAction event, std::string_view what, std::string_view name,
                      std::int32_t version, std::string_view data) {
    std::string rest = fmt::format(R"(,"currentVersion":{})", version);
    if (!data.empty()) (rest += R"(,"currentData":)") += data;
    return failure(
        Topic::record, static_cast<std::int32_t>(event),
        fmt::format(R"(Record update failed. Version {} {} record "{}".)", version, what, name),
        rest);
}

Entry request_failed(std::string_view error, std::string_view event) {
    return {fmt::format(
                R"({{"success":false,"error":"{}","errorTopic":"connection","errorEvent":"{}"}})",
                error, event),
            false};
}

}  // namespace

Entry succeeded() { return {R"({"success":true})", true}; }

Entry read_succeeded(std::int32_t version, std::string_view data) {
    return {fmt::format(R"({{"version":{},"data":{},"success":true}})", version, data), true};
}

Entry head_succeeded(std::int32_t version) {
    return {fmt::format(R"({{"version":{},"success":true}})", version), true};
}

Entry call_succeeded(std::string_view data) {
    if (data.empty()) return succeeded();
    return {fmt::format(R"({{"data":{},"success":true}})", data), true};
}

Entry query_succeeded(std::string_view users) {
    return {fmt::format(R"({{"users":{},"success":true}})", users), true};
}

Entry emit_denied() {
    return {R"({"success":false,"error":"Message denied. Action 'emit' is not permitted.",)"
            R"("errorEvent":"MESSAGE_DENIED","errorAction":"emit","errorTopic":"event"})",
            false};
}

Entry denied(Topic topic, std::int32_t event, NamedAction action) {
    const std::string error =
        fmt::format(R"(Message denied. Action "{}" is not permitted.)", action.name);
    return {fmt::format(
                R"({{"errorTopic":"{}","errorEvent":{},"success":false,"action":{},"error":{}}})",
                name_of(topic), event, action.number, json_string(error)),
            false};
}

Entry record_not_found(std::string_view name) {
    return failure(Topic::record, static_cast<std::int32_t>(RecordAction::record_not_found),
                   fmt::format(R"(Record read failed. Record "{}" could not be found.)", name));
}

Entry version_exists(std::string_view name, std::int32_t version, std::string_view data) {
    return refused_version(RecordAction::version_exists, "exists for", name, version, data);
}

Entry invalid_version(std::string_view name, std::int32_t version, std::string_view data) {
    return refused_version(RecordAction::invalid_version, "is not valid for", name, version, data);
}

Entry call_failed(std::string_view data) {
    const std::string error = data.empty() ? "" : fmt::format(R"("error":{},)", data);
    return {fmt::format(R"({{"errorTopic":"rpc",{}"success":false}})", error), false};
}

Entry no_provider(std::string_view name) {
    return failure(Topic::rpc, static_cast<std::int32_t>(RpcAction::no_rpc_provider),
                   fmt::format(R"(No provider was available to handle the RPC "{}".)", name));
}

Entry call_timed_out() {
    return failure(Topic::rpc, static_cast<std::int32_t>(RpcAction::response_timeout),
                   "The RPC response timeout was exceeded by the provider.");
}

Entry failed(Topic topic, NamedAction event, std::string_view name) {
    const std::string rest = name.empty() ? "" : R"(,"errorParams":)" + json_string(name);
    return failure(topic, event.number, fmt::format("An error occurred: {}.", event.name), rest);
}

Entry request_timed_out() {
    return request_failed("Request exceeded timeout before a response was received.",
                          "HTTP_REQUEST_TIMEOUT");
}

Entry answer_too_large() {
    return request_failed("The answers to this request exceed the size limit.",
                          "HTTP_ANSWER_TOO_LARGE");
}

}  // namespace ringside::gateway::deepstream
