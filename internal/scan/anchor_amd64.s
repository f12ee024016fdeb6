#include "textflag.h"

// Of 32 bytes in Y0, Y1, Y2 (each one byte further on) leave zero in Y0 where no bucket admits them: the tables are looked up with the low
// and with the high halves. Y8 to Y13 hold the tables, Y14 has 0x0f everywhere.
#define ADMIT \
	VPAND   Y14, Y0, Y3  \
	VPSRLW  $4, Y0, Y0   \
	VPAND   Y14, Y0, Y0  \
	VPSHUFB Y3, Y8, Y3   \
	VPSHUFB Y0, Y9, Y0   \
	VPAND   Y3, Y0, Y0   \
	VPAND   Y14, Y1, Y3  \
	VPSRLW  $4, Y1, Y1   \
	VPAND   Y14, Y1, Y1  \
	VPSHUFB Y3, Y10, Y3  \
	VPSHUFB Y1, Y11, Y1  \
	VPAND   Y3, Y1, Y1   \
	VPAND   Y14, Y2, Y3  \
	VPSRLW  $4, Y2, Y2   \
	VPAND   Y14, Y2, Y2  \
	VPSHUFB Y3, Y12, Y3  \
	VPSHUFB Y2, Y13, Y2  \
	VPAND   Y3, Y2, Y2   \
	VPAND   Y1, Y0, Y0   \
	VPAND   Y2, Y0, Y0   \
	VPCMPEQB Y15, Y0, Y0

// func markBlocks(words *uint64, b *byte, blocks int, s *stencil)
TEXT ·markBlocks(SB), NOSPLIT, $0-32
	MOVQ words+0(FP), DI
	MOVQ b+8(FP), SI
	MOVQ blocks+16(FP), CX
	MOVQ s+24(FP), DX

	VBROADCASTI128 0(DX), Y8
	VBROADCASTI128 16(DX), Y9
	VBROADCASTI128 32(DX), Y10
	VBROADCASTI128 48(DX), Y11
	VBROADCASTI128 64(DX), Y12
	VBROADCASTI128 80(DX), Y13
	MOVQ $0x0f0f0f0f0f0f0f0f, AX
	MOVQ AX, X14
	VPBROADCASTQ X14, Y14
	VPXOR Y15, Y15, Y15

loop:
	TESTQ CX, CX
	JZ    done

	VMOVDQU 0(SI), Y0
	VMOVDQU 1(SI), Y1
	VMOVDQU 2(SI), Y2
	ADMIT
	VPMOVMSKB Y0, R8

	VMOVDQU 32(SI), Y0
	VMOVDQU 33(SI), Y1
	VMOVDQU 34(SI), Y2
	ADMIT
	VPMOVMSKB Y0, R9

	SHLQ $32, R9
	ORQ  R9, R8
	NOTQ R8
	MOVQ R8, (DI)
	ADDQ $8, DI
	ADDQ $64, SI
	DECQ CX
	JMP  loop

done:
	VZEROUPPER
	RET

// Of the characters of base64url each row of sixteen in ASCII has a bit: the low half of a byte says in which rows it is one, the high half in
// which row it is.
DATA tokenLow<>+0(SB)/8, $0x3e3e3e3e3e3e3e2a
DATA tokenLow<>+8(SB)/8, $0x1c141514143c3e3e
GLOBL tokenLow<>(SB), RODATA|NOPTR, $16
DATA tokenHigh<>+0(SB)/8, $0x2010080402010000
DATA tokenHigh<>+8(SB)/8, $0x0000000000000000
GLOBL tokenHigh<>(SB), RODATA|NOPTR, $16

// func spanBlocks(b *byte, blocks int) int
TEXT ·spanBlocks(SB), NOSPLIT, $0-24
	MOVQ b+0(FP), SI
	MOVQ blocks+8(FP), CX
	XORQ AX, AX

	VBROADCASTI128 tokenLow<>(SB), Y8
	VBROADCASTI128 tokenHigh<>(SB), Y9
	MOVQ $0x0f0f0f0f0f0f0f0f, DX
	MOVQ DX, X14
	VPBROADCASTQ X14, Y14
	VPXOR Y15, Y15, Y15

span:
	TESTQ CX, CX
	JZ    out
	VMOVDQU (SI)(AX*1), Y0
	VPAND   Y14, Y0, Y1
	VPSRLW  $4, Y0, Y0
	VPAND   Y14, Y0, Y0
	VPSHUFB Y1, Y8, Y1
	VPSHUFB Y0, Y9, Y0
	VPAND   Y1, Y0, Y0
	VPCMPEQB Y15, Y0, Y0
	VPMOVMSKB Y0, DX
	TESTL DX, DX
	JNZ   found
	ADDQ $32, AX
	DECQ CX
	JMP  span

found:
	BSFL DX, DX
	ADDQ DX, AX

out:
	MOVQ AX, ret+16(FP)
	VZEROUPPER
	RET
