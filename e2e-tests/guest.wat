;; A waPC guest of which every answer is known. validate looks for a word in the payload:
;; test-reject, test-mutate, test-error, test-trap, test-loop do what they say, test-lookup looks for the
;; Service mysql in default and answers with an error that holds what it got, test-nonsense answers no JSON,
;; test-rule rejects in the words of the real policy.
;; validate_settings refuses settings with test-bad.
(module
  (import "wapc" "__guest_request" (func $request (param i32 i32)))
  (import "wapc" "__guest_response" (func $respond (param i32 i32)))
  (import "wapc" "__guest_error" (func $fail (param i32 i32)))
  (import "wapc" "__host_call" (func $host_call (param i32 i32 i32 i32 i32 i32 i32 i32) (result i32)))
  (import "wapc" "__host_response_len" (func $host_response_len (result i32)))
  (import "wapc" "__host_response" (func $host_response (param i32)))
  (import "wapc" "__host_error_len" (func $host_error_len (result i32)))
  (import "wapc" "__host_error" (func $host_error (param i32)))
  (memory (export "memory") 256)
  (data (i32.const 0) "test-reject")
  (data (i32.const 16) "test-mutate")
  (data (i32.const 32) "test-error")
  (data (i32.const 48) "test-trap")
  (data (i32.const 64) "test-loop")
  (data (i32.const 80) "test-lookup")
  (data (i32.const 96) "test-nonsense")
  (data (i32.const 112) "test-bad")
  (data (i32.const 128) "kubewarden")
  (data (i32.const 144) "kubernetes")
  (data (i32.const 160) "get_resource")
  (data (i32.const 256) "{\"accepted\":true,\"warnings\":[\"watch out\"]}")
  (data (i32.const 512) "{\"accepted\":false,\"code\":400,\"message\":\"MR001 spec.x: found y\\nfix: z\"}")
  (data (i32.const 768) "{\"accepted\":true,\"mutated_object\":{\"apiVersion\":\"apps/v1\",\"kind\":\"StatefulSet\",\"metadata\":{\"name\":\"mysql\",\"namespace\":\"default\",\"annotations\":{\"a\":\"test-mutate\",\"b\":\"set -e\\necho\\n\"}}}}")
  (data (i32.const 1280) "{\"valid\":true}")
  (data (i32.const 1312) "{\"valid\":false,\"message\":\"test-bad is no setting\"}")
  (data (i32.const 1408) "\"v1\"")
  (data (i32.const 1424) "{\"api_version\":\"v1\",\"kind\":\"Service\",\"name\":\"mysql\",\"namespace\":\"default\",\"disable_cache\":false}")
  (data (i32.const 1520) "test-rule")
  (data (i32.const 1536)
    "{\"accepted\":false,\"code\":422,\"message\":\"Pod shop/test-rule is rejected: 2 problems\\n"
    "[host-network] spec.hostNetwork: true\\n  why: shared\\n  fix: remove it\\nin ConfigMap shop/b:\\n"
    "[replica-writable] data[\\\"slave.cnf\\\"] line 2: no \\u001b option\\n  why: open\\n  fix: write it\","
    "\"warnings\":[\"[service-port] Service shop/gone spec.ports: no port\",\"[x] metadata.labels: none...\",\"watch out\"],"
    "\"audit_annotations\":{\"exempted-rules\":\"x: by hand\",\"rejected-rules\":\"host-network\"}}")
  (func $contains (param $from i32) (param $length i32) (param $word i32) (param $word_length i32) (result i32)
    (local $at i32) (local $i i32)
    ;; what is looked for is near the beginning: an interpreter would take seconds for megabytes
    (if (i32.gt_u (local.get $length) (i32.const 65536)) (then (local.set $length (i32.const 65536))))
    (block $absent
      (loop $next
        (br_if $absent (i32.gt_s (i32.add (local.get $at) (local.get $word_length)) (local.get $length)))
        (local.set $i (i32.const 0))
        (block $differs
          (loop $same
            (br_if $differs (i32.ne
              (i32.load8_u (i32.add (i32.add (local.get $from) (local.get $at)) (local.get $i)))
              (i32.load8_u (i32.add (local.get $word) (local.get $i)))))
            (local.set $i (i32.add (local.get $i) (i32.const 1)))
            (br_if $same (i32.lt_s (local.get $i) (local.get $word_length))))
          (return (i32.const 1)))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br $next)))
    (i32.const 0))
  (func (export "__guest_call") (param $operation i32) (param $length i32) (result i32)
    (call $request (i32.const 2048) (i32.const 4096))
    (if (i32.eq (local.get $operation) (i32.const 16)) (then
      (call $respond (i32.const 1408) (i32.const 4)) (return (i32.const 1))))
    (if (i32.eq (local.get $operation) (i32.const 17)) (then
      (if (call $contains (i32.const 4096) (local.get $length) (i32.const 112) (i32.const 8))
        (then (call $respond (i32.const 1312) (i32.const 50)))
        (else (call $respond (i32.const 1280) (i32.const 14))))
      (return (i32.const 1))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 0) (i32.const 11)) (then
      (call $respond (i32.const 512) (i32.const 71)) (return (i32.const 1))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 16) (i32.const 11)) (then
      (call $respond (i32.const 768) (i32.const 185)) (return (i32.const 1))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 32) (i32.const 10)) (then
      (call $fail (i32.const 32) (i32.const 10)) (return (i32.const 0))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 48) (i32.const 9)) (then
      unreachable))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 64) (i32.const 9)) (then
      (loop $forever (br $forever))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 80) (i32.const 11)) (then
      (if (call $host_call (i32.const 128) (i32.const 10) (i32.const 144) (i32.const 10)
                           (i32.const 160) (i32.const 12) (i32.const 1424) (i32.const 96))
        (then
          (call $host_response (i32.const 4096))
          (call $fail (i32.const 4096) (call $host_response_len)))
        (else
          (call $host_error (i32.const 4096))
          (call $fail (i32.const 4096) (call $host_error_len))))
      (return (i32.const 0))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 96) (i32.const 13)) (then
      (call $respond (i32.const 96) (i32.const 13)) (return (i32.const 1))))
    (if (call $contains (i32.const 4096) (local.get $length) (i32.const 1520) (i32.const 9)) (then
      (call $respond (i32.const 1536) (i32.const 468)) (return (i32.const 1))))
    (call $respond (i32.const 256) (i32.const 42))
    (i32.const 1)))
