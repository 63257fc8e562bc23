#include "tools/gateway/rest/records.hpp"

#include <fmt/format.h>

#include <boost/beast/core/string.hpp>

#include "tools/gateway/http/http_date.hpp"
#include "tools/gateway/rest/parameters.hpp"

namespace ringside::gateway {

namespace {

constexpr std::string_view record_methods = "GET, HEAD, PUT, PATCH, DELETE, OPTIONS";
constexpr std::string_view patch_types =
    "application/merge-patch+json, application/json-patch+json";

Outcome<WriteOptions> options_of(const Request& request) {
    WriteOptions options;
    const auto ttl = number_parameter(request, "ttl_ms", 1, limits::ttl_ms_max);
    if (!ttl) return ttl.error();
    if (*ttl) options.ttl = std::chrono::milliseconds(**ttl);
    const auto durable = flag_parameter(request, "durable", false);
    if (!durable) return durable.error();
    if (*durable) options.grade = Grade::durable;
    constexpr std::uint64_t max = ~std::uint64_t{0};
    const auto version = number_parameter(request, "if_version", 0, max);
    if (!version) return version.error();
    const auto revision = number_parameter(request, "if_revision", 0, max);
    if (!revision) return revision.error();
    const auto absent = flag_parameter(request, "if_absent", false);
    if (!absent) return absent.error();
    const auto condition = condition_from(*version, *revision, *absent);
    if (!condition) return condition.error();
    options.condition = *condition;
    return options;
}

/// Returns the path of the record, with its name in the same place as in the request.
std::string location_of(const Request& request, std::string_view name) {
    const bool is_in_path = request.segments.size() == 3;
    return (is_in_path ? "/v1/records/" : "/v1/records?name=") + percent_encoded(name);
}

Problem not_current() {
    return {412, "condition_failed", "record does not meet the condition; read it again and retry"};
}

Response method_of_write(Request& request, Write& write) {
    const std::string* pointer = request.parameters.find("pointer");
    switch (request.method()) {
        case http::verb::put:
            write.kind = pointer == nullptr ? Write::Kind::put : Write::Kind::patch;
            if (pointer != nullptr) write.pointer = *pointer;
            write.json = std::move(request.message.body());
            return {};
        case http::verb::delete_:
            if (pointer == nullptr) {
                write.kind = Write::Kind::remove;
                return {};
            }
            write.kind = Write::Kind::json_patch;
            write.json = R"([{"op":"remove","path":)";
            append_json_string(*pointer, write.json);
            write.json += "}]";
            return {};
        default: break;
    }
    if (pointer != nullptr) {
        return Response::of(
            {400, "bad_parameter", "PATCH takes no 'pointer'; name the place in the body"});
    }
    const std::string_view type = media_type(request.header(http::field::content_type));
    if (boost::beast::iequals(std::string(type), "application/merge-patch+json")) {
        write.kind = Write::Kind::merge;
    } else if (boost::beast::iequals(std::string(type), "application/json-patch+json")) {
        write.kind = Write::Kind::json_patch;
    } else {
        Response refusal =
            Response::of({415, "bad_content_type",
                          fmt::format("unsupported Content-Type of a PATCH; use {}", patch_types)});
        refusal.add("Accept-Patch", patch_types);
        return refusal;
    }
    write.json = std::move(request.message.body());
    return {};
}

}  // namespace

Task<Response> RecordResource::handle(Request& request, const Requester& requester,
                                      const std::string& name) {
    switch (request.method()) {
        case http::verb::get:
        case http::verb::head: co_return get(request, requester, name);
        case http::verb::put:
        case http::verb::patch:
        case http::verb::delete_: break;
        default: co_return other_method(request, record_methods);
    }
    const bool is_removal =
        request.method() == http::verb::delete_ && request.parameters.find("pointer") == nullptr;
    if (auto problem =
            is_removal ? check_parameters(request, {"durable", "if_version", "if_revision"})
                       : check_parameters(request, {"pointer", "ttl_ms", "durable", "if_version",
                                                    "if_revision", "if_absent"})) {
        co_return Response::of(*problem);
    }
    Write write{.name = name};
    if (Response refusal = method_of_write(request, write); refusal.status != 200) {
        co_return refusal;
    }
    co_return co_await change(request, requester, std::move(write));
}

Response RecordResource::get(const Request& request, const Requester& requester,
                             const std::string& name) {
    ++operations_.figures().reads;
    if (auto problem = check_parameters(request, {"pointer"})) return Response::of(*problem);
    const auto record = operations_.grid().reader().get(name);
    const ReadEvidence evidence(operations_.grid().records(), name,
                                record ? record->document() : Value());
    if (auto problem = requester.refuse(Action::read, name, evidence)) {
        return Response::of(*problem);
    }
    const std::string* text = request.parameters.find("pointer");
    auto pointer = JsonPointer::parse(text == nullptr ? std::string_view() : *text);
    if (!pointer) return Response::of(Problem::of(pointer.error()));
    if (!record) return Response::of(Problem::of(record.error()));
    const auto value = record->document().find(*pointer);
    if (!value) return Response::of(Problem::of(Error(Errc::path_not_found, pointer->text())));
    // Conditions come last: they are ignored if the request fails without them (RFC 9110, 13.2.1).
    const auto preconditions = Preconditions::parse(request);
    if (!preconditions) return Response::of(preconditions.error());
    const RecordState state{record->version(), record->revision(), record->updated_ns()};
    Response response;
    response.etag = entity_tag(state.revision, state.updated_ns);
    response.add("Last-Modified", http_date(state.updated_s()));
    response.add("Ringside-Revision", std::to_string(state.revision));
    response.add("Cache-Control", "no-cache");
    if (record->expires_ms() != 0) {
        response.add("Ringside-Expires", std::to_string(record->expires_ms()));
    }
    switch (preconditions->evaluate(state)) {
        case Preconditions::Verdict::proceed: append_json(*value, response.body); break;
        case Preconditions::Verdict::not_modified:
            response.status = 304;
            response.etag = preconditions->known_tag(state);
            break;
        case Preconditions::Verdict::failed: return Response::of(not_current());
    }
    if (const auto whole = record->check(); !whole) return Response::of(Problem::of(whole.error()));
    return response;
}

Task<Response> RecordResource::change(Request& request, const Requester& requester, Write write) {
    const auto preconditions = Preconditions::parse(request);
    if (!preconditions) co_return Response::of(preconditions.error());
    const auto options = options_of(request);
    if (!options) co_return Response::of(options.error());
    write.options = *options;
    const bool may_create = write.kind == Write::Kind::put || write.kind == Write::Kind::merge;
    const bool is_removed = write.kind == Write::Kind::remove;
    const auto name = write.name;
    const auto written = co_await operations_.write(requester, std::move(write), *preconditions);
    if (!written) co_return Response::of(written.error());
    Response response;
    response.body =
        fmt::format(R"({{"revision":{},"version":{}}})", written->revision, written->version);
    response.add("Ringside-Revision", std::to_string(written->revision));
    if (!is_removed) response.etag = tag_of(name, written->revision);
    if (may_create && written->version == 1) {
        response.status = 201;
        response.add("Location", location_of(request, name));
    }
    co_return response;
}

/// The entity tag of what a write has stored. If that has been replaced already, the tag has time 0
/// and matches no state.
std::string RecordResource::tag_of(const std::string& name, Revision revision) {
    const auto state = record_state(operations_.grid().reader(), name);
    const bool is_there = state && *state && (*state)->revision == revision;
    return entity_tag(revision, is_there ? (*state)->updated_ns : 0);
}

}  // namespace ringside::gateway
