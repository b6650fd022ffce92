// The numbers of cuDNN's backend interface that the phase uses, with their names for what is said when a call
// fails. They are part of the library's ABI, so no header of cuDNN is needed to build.
//
// Source: cudnn_graph.h of cuDNN 9.19 (cudnnBackendDescriptorType_t, cudnnBackendAttributeName_t,
// cudnnBackendAttributeType_t, cudnnDataType_t, cudnnPointwiseMode_t, cudnnReduceTensorOp_t,
// cudnnBackendHeurMode_t, cudnnBackendKnobType_t). Owns: nothing. Threads: constants.
#pragma once

namespace flashcore::kernels::cudnn {

struct Name {
  int value;
  const char* text;
};

inline constexpr int kSuccess = 0;                 // CUDNN_STATUS_SUCCESS
inline constexpr int kNotSupported = 3000;         // CUDNN_STATUS_NOT_SUPPORTED
inline constexpr int kMissingPrerequisite = 3008;  // CUDNN_STATUS_NOT_SUPPORTED_RUNTIME_PREREQUISITE_MISSING

// Kinds of descriptors.
inline constexpr Name kPointwise{0, "POINTWISE_DESCRIPTOR"};
inline constexpr Name kEngine{2, "ENGINE_DESCRIPTOR"};
inline constexpr Name kEngineConfig{3, "ENGINECFG_DESCRIPTOR"};
inline constexpr Name kEngineHeuristics{4, "ENGINEHEUR_DESCRIPTOR"};
inline constexpr Name kExecutionPlan{5, "EXECUTION_PLAN_DESCRIPTOR"};
inline constexpr Name kKnobChoice{7, "KNOB_CHOICE_DESCRIPTOR"};
inline constexpr Name kOperationPointwise{13, "OPERATION_POINTWISE_DESCRIPTOR"};
inline constexpr Name kOperationGraph{15, "OPERATIONGRAPH_DESCRIPTOR"};
inline constexpr Name kVariantPack{16, "VARIANT_PACK_DESCRIPTOR"};
inline constexpr Name kTensor{17, "TENSOR_DESCRIPTOR"};
inline constexpr Name kMatmul{18, "MATMUL_DESCRIPTOR"};
inline constexpr Name kOperationMatmul{19, "OPERATION_MATMUL_DESCRIPTOR"};
inline constexpr Name kReduction{21, "REDUCTION_DESCRIPTOR"};
inline constexpr Name kOperationReduction{22, "OPERATION_REDUCTION_DESCRIPTOR"};
inline constexpr Name kDeviceProperties{38, "DEVICEPROP_DESCRIPTOR"};
inline constexpr Name kOperationAttention{41, "OPERATION_SDPA_FWD_DESCRIPTOR"};

// Attributes.
inline constexpr Name kPointwiseMode{0, "POINTWISE_MODE"};
inline constexpr Name kPointwisePrecision{1, "POINTWISE_MATH_PREC"};
inline constexpr Name kPointwiseAxis{9, "POINTWISE_AXIS"};
inline constexpr Name kHeuristicsMode{200, "ENGINEHEUR_MODE"};
inline constexpr Name kHeuristicsGraph{201, "ENGINEHEUR_OPERATION_GRAPH"};
inline constexpr Name kHeuristicsResults{202, "ENGINEHEUR_RESULTS"};
inline constexpr Name kHeuristicsDevice{204, "ENGINEHEUR_DEVICEPROP"};
inline constexpr Name kConfigEngine{300, "ENGINECFG_ENGINE"};
inline constexpr Name kConfigKnobs{302, "ENGINECFG_KNOB_CHOICES"};
inline constexpr Name kPlanHandle{400, "EXECUTION_PLAN_HANDLE"};
inline constexpr Name kPlanConfig{401, "EXECUTION_PLAN_ENGINE_CONFIG"};
inline constexpr Name kPlanWorkspace{402, "EXECUTION_PLAN_WORKSPACE_SIZE"};
inline constexpr Name kKnobType{600, "KNOB_CHOICE_KNOB_TYPE"};
inline constexpr Name kKnobValue{601, "KNOB_CHOICE_KNOB_VALUE"};
inline constexpr Name kPointwiseOf{750, "OPERATION_POINTWISE_PW_DESCRIPTOR"};
inline constexpr Name kPointwiseX{751, "OPERATION_POINTWISE_XDESC"};
inline constexpr Name kPointwiseB{752, "OPERATION_POINTWISE_BDESC"};
inline constexpr Name kPointwiseY{753, "OPERATION_POINTWISE_YDESC"};
inline constexpr Name kPointwiseT{758, "OPERATION_POINTWISE_TDESC"};
inline constexpr Name kGraphHandle{800, "OPERATIONGRAPH_HANDLE"};
inline constexpr Name kGraphOperations{801, "OPERATIONGRAPH_OPS"};
inline constexpr Name kTensorAlignment{900, "TENSOR_BYTE_ALIGNMENT"};
inline constexpr Name kTensorType{901, "TENSOR_DATA_TYPE"};
inline constexpr Name kTensorExtents{902, "TENSOR_DIMENSIONS"};
inline constexpr Name kTensorStrides{903, "TENSOR_STRIDES"};
inline constexpr Name kTensorId{906, "TENSOR_UNIQUE_ID"};
inline constexpr Name kTensorVirtual{907, "TENSOR_IS_VIRTUAL"};
inline constexpr Name kTensorByValue{908, "TENSOR_IS_BY_VALUE"};
inline constexpr Name kPackIds{1000, "VARIANT_PACK_UNIQUE_IDS"};
inline constexpr Name kPackPointers{1001, "VARIANT_PACK_DATA_POINTERS"};
inline constexpr Name kPackWorkspace{1003, "VARIANT_PACK_WORKSPACE"};
inline constexpr Name kEngineIndex{1301, "ENGINE_GLOBAL_INDEX"};
inline constexpr Name kMatmulType{1500, "MATMUL_COMP_TYPE"};
inline constexpr Name kMatmulA{1520, "OPERATION_MATMUL_ADESC"};
inline constexpr Name kMatmulB{1521, "OPERATION_MATMUL_BDESC"};
inline constexpr Name kMatmulC{1522, "OPERATION_MATMUL_CDESC"};
inline constexpr Name kMatmulOf{1523, "OPERATION_MATMUL_DESC"};
inline constexpr Name kReductionOperator{1600, "REDUCTION_OPERATOR"};
inline constexpr Name kReductionType{1601, "REDUCTION_COMP_TYPE"};
inline constexpr Name kReductionX{1610, "OPERATION_REDUCTION_XDESC"};
inline constexpr Name kReductionY{1611, "OPERATION_REDUCTION_YDESC"};
inline constexpr Name kReductionOf{1612, "OPERATION_REDUCTION_DESC"};
inline constexpr Name kDeviceJson{2702, "DEVICEPROP_JSON_REPRESENTATION"};
inline constexpr Name kAttentionQ{2800, "OPERATION_SDPA_FWD_QDESC"};
inline constexpr Name kAttentionK{2801, "OPERATION_SDPA_FWD_KDESC"};
inline constexpr Name kAttentionV{2802, "OPERATION_SDPA_FWD_VDESC"};
inline constexpr Name kAttentionO{2803, "OPERATION_SDPA_FWD_ODESC"};
inline constexpr Name kAttentionStats{2804, "OPERATION_SDPA_FWD_STATSDESC"};
inline constexpr Name kAttentionScale{2805, "OPERATION_SDPA_FWD_SCALEDESC"};

// Types of attributes (CUDNN_TYPE_...).
inline constexpr int kHandleType = 0;
inline constexpr int kDataTypeType = 1;
inline constexpr int kBooleanType = 2;
inline constexpr int kInt64Type = 3;
inline constexpr int kVoidPointerType = 6;
inline constexpr int kHeuristicsModeType = 8;
inline constexpr int kKnobTypeType = 9;
inline constexpr int kPointwiseModeType = 14;
inline constexpr int kDescriptorType = 15;
inline constexpr int kReductionOperatorType = 18;
inline constexpr int kCharType = 24;

// Element types (CUDNN_DATA_...).
inline constexpr int kFloat = 0;
inline constexpr int kHalf = 2;
inline constexpr int kInt32 = 4;
inline constexpr int kBfloat16 = 9;
inline constexpr int kBoolean = 11;

// Operators (CUDNN_POINTWISE_..., CUDNN_REDUCE_TENSOR_...).
inline constexpr int kAdd = 0;
inline constexpr int kMultiply = 1;
inline constexpr int kDivide = 6;
inline constexpr int kSubtract = 9;
inline constexpr int kExp = 13;
inline constexpr int kLog = 15;
inline constexpr int kGreaterOrEqual = 303;
inline constexpr int kGenerateIndex = 501;
inline constexpr int kSelect = 601;  // T ? X : B
inline constexpr int kReduceAdd = 0;
inline constexpr int kReduceMaximum = 3;

// CUDNN_HEUR_MODE_A: the heuristics' own order, best first. CUDNN_HEUR_MODE_FALLBACK: whatever works.
inline constexpr int kHeuristicsA = 3;
inline constexpr int kHeuristicsFallback = 2;
inline constexpr int kKnobKernelConfig = 24;  // CUDNN_KNOB_TYPE_KERNEL_CFG

}  // namespace flashcore::kernels::cudnn
